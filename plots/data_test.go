package plots

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

var update = flag.Bool("update", false, "rewrite testdata")

func made(reps int, threads ...int) *result.Run {
	return &result.Run{Env: resulttest.Env(reps, threads), Records: resulttest.Records(1, reps, threads)}
}

// The numbers handed to the plotters.
func TestDataGolden(t *testing.T) {
	run := made(6, 1, 8)
	for name, data := range map[string]any{
		"throughput": Throughputs(run), "staleness": Stalenesses(run), "tradeoff": Tradeoffs(run), "scaling": Scalings(run),
	} {
		golden(t, name, data)
	}
	written, err := result.Open(resulttest.Write(t, 1, 2, []int{8}))
	if err != nil {
		t.Fatal(err)
	}
	latencies, problems := Latencies(written)
	if len(problems) != 0 {
		t.Error(problems)
	}
	golden(t, "latency", latencies[:1])
}

func golden(t *testing.T, name string, data any) {
	t.Helper()
	var tree any
	text, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(rounded(tree), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(got, '\n'), want) {
		t.Errorf("%s: the data has changed (go test -update rewrites it); got\n%s", path, got)
	}
}

// rounded keeps six digits of every number: processors differ in the last.
func rounded(v any) any {
	switch v := v.(type) {
	case float64:
		if v == 0 {
			return v
		}
		scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
		return math.Round(v*scale) / scale
	case []any:
		for i := range v {
			v[i] = rounded(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = rounded(v[k])
		}
	}
	return v
}

// What was not seen is a bound, never a zero.
func TestZeroIsABound(t *testing.T) {
	for _, o := range Stalenesses(made(6, 8)) {
		for _, r := range o.Rows {
			for _, c := range []Chance{r.Stale, r.Lost} {
				switch {
				case c.Note != "":
					if r.Engine != "raw" {
						t.Errorf("%s on %s has no chance: %s", r.Engine, o.Label, c.Note)
					}
				case c.Bound && (c.Hi <= 0 || c.x() != c.Hi):
					t.Errorf("%s on %s: a bound drawn at %g of %+v", r.Engine, o.Label, c.x(), c)
				case !c.Bound && c.Value <= 0:
					t.Errorf("%s on %s: a zero that is no bound: %+v", r.Engine, o.Label, c)
				}
			}
		}
	}
}

func TestDeadlockIsANoteAndNoRate(t *testing.T) {
	for _, b := range Throughputs(made(6, 8)) {
		for _, r := range b.Rows {
			dead := r.Engine == "addlock-nofdm" && strings.HasPrefix(b.Label, "self-buffer")
			if dead != (r.Note == "deadlock 6/6") || dead != (r.Rate.Center == 0) {
				t.Errorf("%s on %s: rate %+v, note %q", r.Engine, b.Label, r.Rate, r.Note)
			}
		}
	}
}

func TestBelowSixRepetitionsNothingIsRelative(t *testing.T) {
	for _, d := range Tradeoffs(made(5, 8)) {
		if d.Relative || d.Points[0].Rate.Interval {
			t.Errorf("%s: relative %v, first point %+v", d.Label, d.Relative, d.Points[0])
		}
	}
}

// An engine that is stale without ever being exposed is named, not dropped.
func TestTradeoffNamesWhatItCannotPlace(t *testing.T) {
	run := made(6, 8)
	for i := range run.Records {
		if r := &run.Records[i]; r.Engine == "none" {
			r.Exposures, r.Oracle.StaleEvents = 0, 7
		}
	}
	for _, d := range Tradeoffs(run) {
		if !slices.Equal(d.Omitted, []string{"none (42 events, no exposures)"}) {
			t.Errorf("%s omits %q", d.Label, d.Omitted)
		}
	}
}

// A picture of engines whose order depends on the MMU says so.
func TestLabelsOfMMUsThatDisagree(t *testing.T) {
	run := resulttest.OnTwoMMUs(1, 10, []int{1, 8})
	var got []string
	for _, b := range Throughputs(run) {
		got = append(got, b.Label)
	}
	want := []string{
		"direct-write, 8 threads, MMU soft: MMUs DISAGREE", "direct-write, 8 threads, MMU userfaultfd: MMUs DISAGREE",
		"direct-write+store, 8 threads, MMU soft: MMUs DISAGREE", "direct-write+store, 8 threads, MMU userfaultfd: MMUs DISAGREE",
		"direct-write+load, 8 threads, MMU soft", "direct-write+load, 8 threads, MMU userfaultfd",
		"self-buffer, 8 threads, MMU soft", "self-buffer, 8 threads, MMU userfaultfd",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	scalings := Scalings(run)
	if len(scalings) != 8 || scalings[0].Workload != "direct-write, MMU soft" || scalings[1].Workload != "direct-write, MMU userfaultfd" {
		t.Errorf("%d pictures of scaling, the first of %s", len(scalings), scalings[0].Workload)
	}
}
