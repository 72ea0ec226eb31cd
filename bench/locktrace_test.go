package bench

import (
	"testing"

	"cohbench/bench/result"
	"cohbench/workloads"
)

// Engines with a lock are watched once per group, the others not, and nothing
// of it is in a record.
func TestTraceLocks(t *testing.T) {
	p := shortPlan(t, "raw", "addlock")
	p.Workloads = []*workloads.Workload{workloads.FaultStorm}
	r := newRunner(t, p)
	var traces []*result.Trace
	if err := r.TraceLocks(t.Context(), func(tr *result.Trace) error { traces = append(traces, tr); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(traces) != 1 {
		t.Fatalf("%d traces, want that of addlock", len(traces))
	}
	tr := traces[0]
	steps := map[string]int{}
	for _, e := range tr.Events {
		if e.Ns < int64(traceSkip) || e.Task == "" || e.Lock == "" {
			t.Fatalf("%+v", e)
		}
		steps[e.Step]++
	}
	if tr.Engine != "addlock" || tr.Workload != "fault-storm" || tr.Threads != 2 || steps[result.StepBlock] == 0 || steps[result.StepUnblock] == 0 {
		t.Errorf("%s on %s, %d threads: %v", tr.Engine, tr.Workload, tr.Threads, steps)
	}
}
