package fio

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/core"
	"cohbench/core/disk"
)

func TestParse(t *testing.T) {
	text, err := os.ReadFile("testdata/randwrite.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	want := Measurement{Rate: 13179.401993, Ops: 3967, P50: 93696, P99: 4751360, P999: 51118080}
	if m != want {
		t.Errorf("%+v, want %+v", m, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for want, text := range map[string]string{
		"no JSON":       "fio: unable to open",
		"0 groups":      `{"jobs": []}`,
		"error 5":       `{"jobs": [{"error": 5}]}`,
		"no requests":   `{"jobs": [{"read": {"iops": 0}}]}`,
		"unexpected en": `{"jobs": [`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}

func TestArgs(t *testing.T) {
	j := Job{Path: "/a:b/data", Size: 1 << 20, Block: 4096, Write: true, IOEngine: "libaio", Depth: 16, Threads: 2, Ramp: time.Second / 4, Duration: 2 * time.Second, Seed: 7}
	deep := strings.Join(j.Args(), " ")
	for _, want := range []string{
		`--filename=/a\:b/data `, "--allow_file_create=0", "--rw=randwrite ", "--size=1048576 ", "--bs=4096 ", "--direct=1 ", "--norandommap ",
		"--ioengine=libaio ", "--numjobs=2 ", "--runtime=2000ms ", "--ramp_time=250ms ", "--randseed=7 ", "--iodepth=16 ", "--iodepth_batch_complete_max=16",
	} {
		if !strings.Contains(deep, want) {
			t.Errorf("no %q in %s", want, deep)
		}
	}
	j.Depth, j.Write = 1, false
	if one := strings.Join(j.Args(), " "); strings.Contains(one, "iodepth") || !strings.Contains(one, "--rw=randread ") {
		t.Errorf("one request at a time: %s", one)
	}
}

// made is rounds of fio, an engine at a share of its rate, and fio again.
func made(s Setting, rounds int, share, again float64) (runs []Run) {
	for round := range rounds {
		rate := float64(1000 + 10*round)
		for name, r := range map[string]float64{Base: rate, s.Contenders()[1]: rate * share, Again: rate * again} {
			runs = append(runs, Run{s, name, round, Measurement{r, int64(r), int64(round), 200, 300}})
		}
	}
	return runs
}

func TestSummarize(t *testing.T) {
	s := Settings(4096, 1<<20, 16)[2]
	sum := Summarize(s, made(s, 10, 0.5, 1.01))
	if !sum.Valid || !strings.HasPrefix(sum.Verdict, "valid: fio against itself is 1.010 [1.010, 1.010], within 2 %") {
		t.Errorf("%v: %s", sum.Valid, sum.Verdict)
	}
	row := sum.Rows[1]
	if row.Contender != "kernel-aio" || row.Ratio != 0.5 || row.Lo != 0.5 || row.Hi != 0.5 || row.P50 != 4 || row.P99 != 200 || row.P999 != 300 {
		t.Errorf("%+v", row)
	}
	for name, runs := range map[string][]Run{
		"not within 2 %":  made(s, 10, 1, 1.03),
		"0.970":           made(s, 10, 1, 0.97),
		"at least 6 are ": made(s, compare.MinReps-1, 1, 1),
	} {
		if sum := Summarize(s, runs); sum.Valid || !strings.Contains(sum.Verdict, name) {
			t.Errorf("%s: %v: %s", name, sum.Valid, sum.Verdict)
		}
	}
}

func TestPrint(t *testing.T) {
	s := Settings(4096, 64<<20, 16)[6]
	var b strings.Builder
	if err := Summarize(s, made(s, 10, 0.97, 1)).Print(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if want := "direct write, libaio, 1 thread, 16 in flight each, 4 KiB blocks, 64 MiB file"; lines[0] != want {
		t.Errorf("%q, want %q", lines[0], want)
	}
	if !strings.HasPrefix(lines[3], "kernel-aio  1.01k       0.970 [0.970, 0.970]  4.00 ns  200 ns  300 ns") || !strings.HasPrefix(lines[5], "valid: ") {
		t.Errorf("%s", b.String())
	}
}

// All contenders of a setting run once per round, the odd rounds backwards.
func TestContest(t *testing.T) {
	if _, err := Find(); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "data")
	d, err := disk.Create(path, 1<<20)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	all := Settings(4096, 1<<20, 4)
	for _, s := range []Setting{all[1], all[6], all[3]} {
		t.Run(s.String(), func(t *testing.T) {
			if err := s.Probe(); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			c := Contest{Setting: s, Backing: core.Backing{Path: path, Disk: d}, Rounds: 2, Ramp: 10 * time.Millisecond, Duration: 50 * time.Millisecond, Seed: 3}
			kept := 0
			runs, err := c.Run(t.Context(), func(Run) error { kept++; return nil })
			if err != nil {
				t.Fatal(err)
			}
			var order [2][]string
			for _, r := range runs {
				order[r.Round] = append(order[r.Round], r.Contender)
				if r.Rate <= 0 || r.Ops <= 0 || r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.P999 {
					t.Errorf("%+v", r)
				}
			}
			slices.Reverse(order[1])
			if n := len(s.Contenders()); kept != 2*n || len(order[0]) != n || !slices.Equal(order[0], order[1]) {
				t.Errorf("%d kept of %v, then backwards %v", kept, order[0], order[1])
			}
		})
	}
}

func TestJobThatFails(t *testing.T) {
	if _, err := Find(); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	j := Job{Path: filepath.Join(t.TempDir(), "missing"), Size: 4096, Block: 4096, IOEngine: "psync", Depth: 1, Threads: 1, Ramp: time.Millisecond, Duration: time.Millisecond}
	if _, err := j.Run(t.Context()); err == nil {
		t.Error("fio measured a file that is not there")
	}
}

func TestNoFio(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := (Job{}).Run(t.Context()); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}
