package compare

import (
	"math"
	"testing"

	"cohbench/bench/result"
)

func TestShare(t *testing.T) {
	for _, c := range []struct {
		events, trials int64
		lo, hi         float64
	}{
		// Clopper and Pearson, as R's binom.test has it.
		{5, 20, 0.0866, 0.4910},
		{1, 10, 0.0025, 0.4450},
		{20, 20, 0.8316, 1},
		{0, 60, 0, 0.05},
		{0, 2, 0, 1},
	} {
		got := Share(c.events, c.trials)
		if math.Abs(got.Lo-c.lo) > 5e-5 || math.Abs(got.Hi-c.hi) > 5e-5 || got.Bound() != (c.events == 0) {
			t.Errorf("%d of %d: %+v, want [%g, %g]", c.events, c.trials, got, c.lo, c.hi)
		}
	}
	if Share(0, 0).None == "" {
		t.Error("nothing was measured, and there is a figure")
	}
}

func TestMatrix(t *testing.T) {
	run := func(io string, records ...result.Record) *result.Run {
		return &result.Run{Env: result.Env{IO: io}, Records: records}
	}
	rec := func(engine, workload string, rounds, stale, lost, eio, quiet int64) result.Record {
		return result.Record{Engine: engine, MMU: "kernel", Workload: workload, Status: result.StatusOK,
			Rounds: rounds, StaleRounds: stale, LossRounds: lost, EIORounds: eio, QuietEIO: quiet}
	}
	starved := rec("kernel", "mixed-one-lock", 5, 0, 0, 0, 0)
	starved.Status = result.StatusStarved
	model := rec("double-invalidate", racing, 1000, 900, 800, 0, 0)
	model.MMU, model.Status = "soft", result.StatusStarved
	m := NewMatrix([]string{"ext4", "xfs", "ext4"}, []*result.Run{
		run("direct", rec("kernel", racing, 10, 6, 5, 7, 4), rec("kernel", racing, 10, 0, 1, 0, 0), rec("kernel", "direct-only", 9, 0, 0, 0, 0), model),
		run("direct", starved, rec("kernel", "direct-only", 7, 0, 0, 1, 1)),
		run("direct", rec(hugeEngine, beside, 8, 1, 2, 3, 0), rec("kernel", beside, 4, 0, 0, 0, 0)),
	})
	if len(m.Rows) != 2 || m.Rows[0].Name != "ext4" || len(m.Rows[1].Failed) != 1 || len(m.Rows[0].Failed) != 0 {
		t.Fatalf("%+v", m.Rows)
	}
	want := map[string][2]int64{
		"stale": {6, 20}, "lost": {6, 20}, "lost silently": {3, 20}, "EIO, no loss": {4, 20},
		"lost beside": {2, 8}, "beside, no huge": {0, 4}, "loads": {0, 0}, "controls": {0, 9},
	}
	for i, c := range m.Columns {
		if got := m.Rows[0].Cells[i]; [2]int64{got.Events, got.Trials} != want[c.Name] {
			t.Errorf("%s: %d of %d, want %v", c.Name, got.Events, got.Trials, want[c.Name])
		}
	}
	if a := m.Alarms(); len(a) != 1 || a[0] != "xfs" {
		t.Errorf("alarms %v: the control of xfs showed something", a)
	}
}

func TestHasKernel(t *testing.T) {
	for mmu, want := range map[string]bool{"soft": false, "userfaultfd": false, "none": false, "kernel": true} {
		if got := HasKernel(&result.Run{Records: []result.Record{{MMU: mmu}}}); got != want {
			t.Errorf("a record on MMU %s: %v", mmu, got)
		}
	}
}
