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
		"throughput": Throughputs(run), "staleness": Stalenesses(run), "tradeoff": Tradeoffs(run), "scaling": Scalings(run), "overview": Overview(run),
	} {
		golden(t, name, data)
	}
	storm := swept(t)
	for name, data := range map[string]any{
		"break-even": BreakEvens(storm), "starvation": Starvations(storm), "visibility": Visibilities(run), "block-size": BlockSizes(sized()),
		"factors":  Factors(resident()),
		"machines": MachineRatios([]Side{{"one", made(6, 8)}, {"other", made(6, 1, 8)}, {"storm", storm}}),
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

// swept is a made-up storm of faults at rising rates.
func swept(t *testing.T) *result.Run {
	t.Helper()
	run, err := result.Open(resulttest.WriteFaultSweep(t, 1, 6))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// sized is a made-up run on three block sizes: the larger, the slower.
func sized() *result.Run {
	run := made(6, 8)
	for i, block := range []int{64 << 10, 1 << 20} {
		for _, r := range resulttest.Records(uint64(i)+2, 6, []int{8}) {
			r.Block = block
			slower := result.Latency{P99: r.Latency["load"].P99 * int64(10*(i+1))}
			r.Latency = map[string]result.Latency{"direct-write": r.Latency["direct-write"], "load": slower, "store": slower}
			run.Records = append(run.Records, r)
		}
	}
	return run
}

// resident is a made-up run with a setting that is a number and no rate.
func resident() *result.Run {
	run := &result.Run{Env: resulttest.Env(6, []int{8})}
	for i, percent := range []string{"0", "50", "100"} {
		for _, r := range resulttest.Records(uint64(i), 6, []int{8}) {
			r.Set = "partners=2,resident-pct=" + percent
			run.Records = append(run.Records, r)
		}
	}
	return run
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
		t.Errorf("%s: the data has changed: go test -update rewrites it, git diff shows what", path)
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
	if len(scalings) != 8 || scalings[0].Label != "direct-write, MMU soft" || scalings[1].Label != "direct-write, MMU userfaultfd" {
		t.Errorf("%d pictures of scaling, the first of %s", len(scalings), scalings[0].Label)
	}
}

// Of a sweep, the pictures with a panel per group show the ends, and those of
// lines show every step.
func TestSweeps(t *testing.T) {
	run := swept(t)
	var labels []string
	for _, b := range Throughputs(run) {
		labels = append(labels, b.Label)
	}
	if want := []string{"fault-storm, 1 thread, rate/fault=1000", "fault-storm, 1 thread, rate/fault=50000"}; !slices.Equal(labels, want) {
		t.Errorf("panels of %q", labels)
	}
	even := BreakEvens(run)
	if len(even.Writes) != 1 || len(even.Served) != 1 || len(even.Writes[0].Curves) != 7 {
		t.Fatalf("%d and %d panels", len(even.Writes), len(even.Served))
	}
	for _, c := range even.Writes[0].Curves {
		var xs []float64
		for _, p := range c.Points {
			xs = append(xs, p.X)
		}
		if !slices.Equal(xs, []float64{1000, 2000, 5000, 10_000, 20_000, 50_000}) {
			t.Errorf("%s at %v", c.Engine, xs)
		}
	}
	for _, l := range Starvations(run) {
		for _, c := range l.Curves {
			if c.Engine == "raw" || c.Engine == "none" {
				t.Errorf("%s waits for a lock it has not got", c.Engine)
			}
		}
	}
	if f, _ := All(made(6, 8)); slices.ContainsFunc(f, func(f *Figure) bool {
		return f.Name == "break-even" || f.Name == "starvation" || f.Name == "block-size"
	}) {
		t.Error("a run without a sweep has pictures of one")
	}
}

// A case that starved at one rate is no point of the line, and says why.
func TestStarvedIsANote(t *testing.T) {
	run := swept(t)
	for i := range run.Records {
		r := &run.Records[i]
		if v, _ := r.Setting("rate/fault"); v == "50000" && r.Engine == "addlock" {
			r.Status = result.StatusStarved
		}
	}
	i := slices.IndexFunc(BreakEvens(run).Writes[0].Curves, func(l Line) bool { return l.Engine == "addlock" })
	line := BreakEvens(run).Writes[0].Curves[i]
	if last := line.Points[5]; !last.None || last.Note != "starved 6/6" {
		t.Errorf("%+v", last)
	}
	if runs := line.runs(); len(runs) != 1 || len(runs[0]) != 5 {
		t.Errorf("the line goes through %v", runs)
	}
}

// A figure of 0 is one, also where some repetitions ended badly.
func TestZeroBesideANote(t *testing.T) {
	run := swept(t)
	for i := range run.Records {
		if r := &run.Records[i]; r.Engine == "addlock" && r.BlockTime != nil {
			r.BlockTime.P50 = 0
			if r.Rep == 0 {
				r.Status = result.StatusStarved
			}
		}
	}
	for _, c := range Starvations(run)[0].Curves {
		if pt := c.Points[0]; c.Engine == "addlock" && (pt.None || pt.Note != "starved 1/6" || pt.Y.Center != 0) {
			t.Errorf("%+v, want the figure 0 and a note", pt)
		}
	}
}

// What was served is a part of what came due, which arrivals at random make more,
// or less, than was asked for.
func TestServedOfWhatCameDue(t *testing.T) {
	r := result.Record{
		Ops: map[string]int64{"fault": 1080}, Seconds: 1,
		OpenLoop: map[string]result.OpenLoop{"fault": {Offered: 1000, Served: 1080, Due: 1200, Unserved: 120}},
	}
	if v, ok := servedShare("fault").Of(&r); !ok || v != 0.9 {
		t.Errorf("%g, %v; want 0.9: 1080 of 1200", v, ok)
	}
	if v, ok := servedShare("load").Of(&r); ok {
		t.Errorf("%g of what was never due", v)
	}
}

func TestNumbersOfSettings(t *testing.T) {
	for text, want := range map[string]float64{"20000": 20000, "2.5e4": 25000, "20k": 20000, "1M": 1e6} {
		if got, ok := number(text); !ok || got != want {
			t.Errorf("%s is %g, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "20ms", "poisson", "k"} {
		if got, ok := number(text); ok {
			t.Errorf("%q is %g", text, got)
		}
	}
}

// Few cores are said to be few in the picture that would mislead.
func TestScalingOnFewCores(t *testing.T) {
	run := made(6, 1, 8)
	for cores, want := range map[int]bool{2: true, 8: false} {
		run.Env.Cores = cores
		figures, _ := All(run)
		i := slices.IndexFunc(figures, func(f *Figure) bool { return f.Name == "scaling" })
		if banner := len(figures[i].Warnings) > 0; banner != want {
			t.Errorf("%d cores: banner %v", cores, figures[i].Warnings)
		}
	}
}

// Machines with nothing in common have no picture.
func TestMachinesInCommon(t *testing.T) {
	if f := Machines([]Side{{"one", made(6, 8)}, {"storm", swept(t)}}); f != nil {
		t.Errorf("drawn: %v", f.Groups())
	}
	f := Machines([]Side{{"one", made(6, 8)}, {"other", made(8, 8)}})
	if f == nil || len(f.Groups()) != 4 || len(f.legend) != 2 {
		t.Fatalf("two equal machines: %+v", f)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	checkSVG(t, f.Name, svg)
}

// A bound that says no more than that a chance is a chance is left out.
func TestBoundsOfVisibilityAreBelowOne(t *testing.T) {
	run := made(6, 8)
	for i := range run.Records {
		if r := &run.Records[i]; r.Engine == "addlock" && r.Workload == "direct-write+store" {
			r.Staleness = &result.Staleness{Visibility: []result.VisibilityBin{{From: 0, To: 1024}, {From: 1024, To: 2048, Reads: 1}}}
			if r.Rep > 1 {
				r.Staleness.Visibility[1].Reads = 0
			}
		}
	}
	for _, l := range Visibilities(run) {
		for _, c := range l.Curves {
			for _, p := range c.Points {
				if p.Y.Hi > 1 || c.Engine == "addlock" {
					t.Errorf("%s: %+v", c.Engine, p)
				}
			}
		}
	}
}
