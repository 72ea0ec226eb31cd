package bench

import (
	"context"
	"strings"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/workloads"
)

// A boaster claims more than its engine can keep.
type boaster struct{ core.Engine }

func (boaster) Claims() core.Claims { return core.Claims{Coherent: true, DeadlockFree: true} }

func boastingPlan(t *testing.T, engine string, w *workloads.Workload) Plan {
	p := shortPlan(t, engine)
	p.Engines[0] = boaster{p.Engines[0]}
	p.Workloads, p.Threads = []*workloads.Workload{w}, nil
	p.Size, p.Reps, p.Duration = 0, 1, 100*time.Millisecond
	return p
}

// Whatever the engines of this project claim, one that does not keep its
// claims is caught by a run of a fraction of a second.
func TestBrokenClaimsAreFound(t *testing.T) {
	for _, tt := range []struct {
		engine   string
		workload *workloads.Workload
		want     string
	}{
		{"none", workloads.DirectWriteStore, "none claims to be coherent: direct-write+store: "},
		{"addlock-nofdm", workloads.SelfBuffer, "addlock-nofdm claims to be free of deadlock: self-buffer: "},
	} {
		report, err := newRunner(t, boastingPlan(t, tt.engine, tt.workload)).Run(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !matches(report.Verdict.Broken, []string{tt.want}) {
			t.Errorf("broken: %q, want %q", report.Verdict.Broken, tt.want)
		}
	}
}

// What an interrupted case has found counts, though the case is no record.
func TestInterruptedCaseIsJudged(t *testing.T) {
	r := newRunner(t, boastingPlan(t, "none", workloads.DirectWriteStore))
	r.Plan.Duration, r.unmeasured = time.Minute, nil
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	report, err := r.Run(ctx, nil, nil)
	if err != nil || !report.Interrupted || len(report.Records) != 0 {
		t.Fatalf("error %v, interrupted %v, %d records", err, report.Interrupted, len(report.Records))
	}
	if len(report.Verdict.Broken) != 1 || !strings.Contains(report.Verdict.Broken[0], "none claims to be coherent") {
		t.Errorf("broken: %q", report.Verdict.Broken)
	}
}
