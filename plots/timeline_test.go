package plots

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

// traced is a writer that waits for two faulters, one of which had the lock
// before the trace began and takes it twice.
func traced(engine string) result.Trace {
	return result.Trace{Engine: engine, Workload: "fault-storm", Threads: 1, MMU: "soft", Events: []result.LockEvent{
		{Ns: 1e6, Task: "faulter 1", Step: result.StepAdd},
		{Ns: 2e6, Task: "writer 0", Step: result.StepWaitBlock},
		{Ns: 3e6, Task: "faulter 0", Step: result.StepUnadd},
		{Ns: 4e6, Task: "faulter 1", Step: result.StepAdd},
		{Ns: 5e6, Task: "faulter 1", Step: result.StepUnadd},
		{Ns: 6e6, Task: "faulter 1", Step: result.StepUnadd},
		{Ns: 6e6, Task: "writer 0", Step: result.StepBlock},
		{Ns: 6.5e6, Task: "faulter 0", Step: result.StepWaitAdd},
		{Ns: 7e6, Task: "writer 0", Step: result.StepUnblock},
		{Ns: 7.5e6, Task: "faulter 0", Step: result.StepGaveUp},
		{Ns: 8e6, Task: "writer 0", Step: result.StepBlock},
		{Ns: 9e6, Task: "writer 0", Step: result.StepWaitAdd},
	}}
}

func TestTaskLines(t *testing.T) {
	lines, end := taskLines(traced("addlock").Events)
	want := []TaskLine{
		{"faulter 0", []Span{{1e6, 3e6, false, false}, {6.5e6, 7.5e6, false, true}}},
		{"faulter 1", []Span{{1e6, 6e6, false, false}}},
		{"writer 0", []Span{{2e6, 6e6, true, true}, {6e6, 7e6, true, false}, {8e6, 9e6, true, false}, {9e6, 9e6, false, true}}},
	}
	if !reflect.DeepEqual(lines, want) || end != 9e6 {
		t.Errorf("until %g\n%v, want\n%v", end, lines, want)
	}
	if at, wait := longestWait(lines); at != 6e6 || wait != 4e6 {
		t.Errorf("the longest wait ends at %g and took %g", at, wait)
	}
}

// The window of all panels is as wide as the longest wait wants it, and the
// longest wait of each is in its own.
func TestTimelines(t *testing.T) {
	quiet := result.Trace{Engine: "quiet", Workload: "fault-storm", Threads: 1, Events: []result.LockEvent{
		{Ns: 1, Task: "writer 0", Step: result.StepBlock}, {Ns: 100, Task: "writer 0", Step: result.StepUnblock}, {Ns: 1e9, Task: "harness", Step: result.StepAdd},
	}}
	other := traced("addlock")
	other.Workload = "direct-write+store"
	other.Events = other.Events[:2]
	idle := result.Trace{Engine: "idle", Workload: "fault-storm", Threads: 1, Events: []result.LockEvent{{Ns: 1, Task: "harness", Step: result.StepAdd}}}
	all, left := Timelines([]result.Trace{other, traced("addlock"), idle, quiet, idle})
	if !slices.Equal(left, []string{"idle"}) || !strings.Contains(timeline(all, left).Note, "keeps faults out: idle.") {
		t.Errorf("left out: %q", left)
	}
	golden(t, "timeline", all)
	if len(all) != 2 || all[0].Width != all[1].Width || all[0].Width < all[0].Wait {
		t.Fatalf("%+v", all)
	}
	for _, tl := range all {
		for _, l := range tl.Tasks {
			for _, s := range l.Spans {
				if s.From < 0 || s.To > tl.Width || s.To < s.From {
					t.Errorf("%s: %s: %v is outside the window", tl.Label, l.Name, s)
				}
			}
		}
	}
	if slices.ContainsFunc(all[1].Tasks, func(l TaskLine) bool { return l.Name == "harness" }) {
		t.Error("a task that did nothing in the window has a row")
	}
	if all, left := Timelines(nil); all != nil || left != nil {
		t.Error("of nothing there is a timeline")
	}
}

// Spans that nobody could tell apart are drawn as one, and none vanishes.
func TestVisibleSpans(t *testing.T) {
	var list []Span
	for i := range 1000 {
		list = append(list, Span{From: float64(i), To: float64(i) + 0.5})
	}
	list = append(list, Span{From: 5000, To: 5000.001, Block: true})
	got := visibleSpans(list, func(v float64) vg.Length { return vg.Length(v / 10) })
	if len(got) != 2 || got[0].x0 != 0 || got[0].x1 < 99.9 || got[1].x1-got[1].x0 < 0.39 {
		t.Errorf("%v", got)
	}
}

func TestTimelineOfARun(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 1, []int{8}))
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := result.Reopen(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	tr := traced("addlock")
	if err := d.AddTrace(&tr); err != nil {
		t.Fatal(err)
	}
	figures, _ := All(run)
	i := slices.IndexFunc(figures, func(f *Figure) bool { return f.Name == "timeline" })
	if i < 0 {
		t.Fatal("no timeline")
	}
	svg, err := figures[i].SVG()
	if err != nil || !strings.Contains(string(svg), "fault-storm, 1 thread: addlock; longest wait seen 4.00 ms") || !strings.Contains(string(svg), "writer 0") {
		t.Errorf("%v\n%.300s", err, svg)
	}
	if !slices.Equal(figures[i].Groups(), []string{"fault-storm, 1 thread"}) {
		t.Errorf("it shows %q", figures[i].Groups())
	}
}
