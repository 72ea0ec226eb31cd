package bench

import (
	"testing"

	"cohbench/bench/result"
)

// Engines with a lock are watched once per group, the others not.
func TestTraceLocks(t *testing.T) {
	r := newRunner(t, shortPlan(t, "raw", "addlock"))
	var traces []*result.Trace
	if err := r.TraceLocks(t.Context(), func(tr *result.Trace) error { traces = append(traces, tr); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(traces) != 1 {
		t.Fatalf("%d traces, want that of addlock", len(traces))
	}
	tr := traces[0]
	again := newRunner(t, shortPlan(t, "raw", "addlock"))
	again.Resume(nil, []result.Trace{*tr})
	if err := again.TraceLocks(t.Context(), func(*result.Trace) error { t.Error("traced again"); return nil }); err != nil {
		t.Error(err)
	}
	steps := map[string]int{}
	for _, e := range tr.Events {
		if e.Ns < int64(traceSkip) || e.Task == "" || e.Lock == "" {
			t.Fatalf("%+v", e)
		}
		steps[e.Step]++
	}
	if tr.Engine != "addlock" || tr.Workload != "direct-write" || tr.Threads != 2 || steps[result.StepBlock] == 0 || steps[result.StepUnblock] == 0 {
		t.Errorf("%s on %s, %d threads: %v", tr.Engine, tr.Workload, tr.Threads, steps)
	}
}
