package bench

import (
	"slices"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/workloads"
)

func TestParseSweep(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		fails      string
	}{
		{text: "threads=1..16x2", want: "1 2 4 8 16"},
		{text: "threads=1..9+4,12", want: "1 5 9 12"},
		{text: "block=4k,64k,1m", want: "4k 64k 1m"},
		{text: "rate/fault=500,1k..4kx2", want: "500 1k 2k 4k"},
		{text: "rate=0.5k..2k+0.5", want: "0.5k 1k 1.5k 2k"},
		{text: "threads", fails: "want NAME=VALUE"},
		{text: "=1", fails: "want NAME=VALUE"},
		{text: "threads=1..16", fails: "want a step"},
		{text: "threads=16..1x2", fails: "the smaller first"},
		{text: "block=4k..1mx2", fails: "same unit"},
		{text: "threads=1..4x1", fails: "a step that grows"},
		{text: "threads=0..4x2", fails: "a step that grows"},
		{text: "threads=1..4+0", fails: "a step that grows"},
		{text: "threads=a..bx2", fails: "two numbers"},
		{text: "threads=1..100+1", fails: "more than 64"},
	} {
		s, err := ParseSweep(tt.text)
		switch {
		case tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)):
			t.Errorf("%s: %v, want %q", tt.text, err, tt.fails)
		case tt.fails == "" && (err != nil || strings.Join(s.Values, " ") != tt.want):
			t.Errorf("%s: %q, %v; want %q", tt.text, s.Values, err, tt.want)
		}
	}
}

// Several sweeps multiply; what is set is named in a canonical way, in one
// order, whatever was asked for first.
func TestSweepsMultiply(t *testing.T) {
	p := Plan{
		Engines: engines(t, "raw"), Workloads: []*workloads.Workload{workloads.FaultStorm},
		Set:      []Set{{"round", "20ms"}, {"rate", "5k"}, {"arrival", "poisson"}},
		Sweeps:   []Sweep{{"threads", []string{"1", "2"}}, {"partners", []string{"3", "4"}}, {"block", []string{"4k", "8k"}}},
		NoOracle: true,
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range p.groups() {
		if g.params.Rates[workloads.OpDirectWrite] != 5000 || g.params.Arrival != workloads.ArrivalPoisson {
			t.Errorf("not offered at the rate of the primary class: %+v", g.params)
		}
		got = append(got, strings.Join([]string{string(rune('0' + g.params.Threads)), string(rune('0' + g.params.Block>>10)), g.set}, " "))
	}
	const rest = "rate/direct-write=5000,round=20ms," + result.OracleOff
	want := []string{
		"1 4 arrival=poisson,partners=3," + rest, "1 8 arrival=poisson,partners=3," + rest,
		"1 4 arrival=poisson,partners=4," + rest, "1 8 arrival=poisson,partners=4," + rest,
		"2 4 arrival=poisson,partners=3," + rest, "2 8 arrival=poisson,partners=3," + rest,
		"2 4 arrival=poisson,partners=4," + rest, "2 8 arrival=poisson,partners=4," + rest,
	}
	if !slices.Equal(got, want) {
		t.Errorf("groups\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSweepsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		sweep Sweep
		want  string
	}{
		{Sweep{"block", []string{"5k"}}, "want whole pages"},
		{Sweep{"block", []string{"4kb"}}, "want a size"},
		{Sweep{"threads", []string{"x"}}, "want a number"},
		{Sweep{"bogus", []string{"1"}}, "unknown setting"},
		{Sweep{"rate/store", []string{"1"}}, "want a rate of [direct-write fault]"},
		{Sweep{"rate/fault", []string{"-1"}}, "want 0 to"},
		{Sweep{"iodepth", []string{"4"}}, "IO depth 4"},
	} {
		p := Plan{Engines: engines(t, "raw", "addlock"), Workloads: []*workloads.Workload{workloads.FaultStorm}, Sweeps: []Sweep{tt.sweep}}
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.sweep, err, tt.want)
		}
	}
	mixed := Plan{Engines: engines(t, "addlock"), Workloads: []*workloads.Workload{workloads.Mixed}, Set: []Set{{"rate", "1k"}}}
	if err := mixed.Check(); err == nil || !strings.Contains(err.Error(), "none of them on a schedule") {
		t.Errorf("a rate of mixed: %v", err)
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "4096": 4096, "64k": 64 << 10, "64KiB": 64 << 10, "2 MiB": 2 << 20, "1g": 1 << 30, "7b": 7} {
		if n, err := ParseBytes(text); err != nil || n != want {
			t.Errorf("%q: %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "k", "0", "-1k", "4kb", "1t", "99999999999g", "1.5k"} {
		if n, err := ParseBytes(text); err == nil {
			t.Errorf("%q is taken for %d", text, n)
		}
	}
}
