package compare_test

import (
	"slices"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// Each signal is told for itself, EIO without a loss too, of engines of any
// kind; what is clean is not.
func TestFound(t *testing.T) {
	run := &result.Run{Records: []result.Record{
		{Engine: "none", Workload: "mixed", MMU: "soft", Exposures: 1, Oracle: result.Oracle{
			Stale: 1, Inverted: 2, Flipped: 3, Torn: 4, Nowhere: 5, Lost: 6, SilentLost: 7, Incoherent: 8}},
		{Engine: "kernel", Workload: "direct-write+store", MMU: "kernel", Exposures: 9, Rounds: 30, LossRounds: 2, EIORounds: 5, QuietEIO: 3, Oracle: result.Oracle{Lost: 700}},
		{Engine: "kernel", Workload: "direct-write+store", MMU: "kernel", Rounds: 30, StaleRounds: 4, Oracle: result.Oracle{Stale: 20}},
		{Engine: "kernel", Workload: "mixed", MMU: "kernel", Rounds: 10, EIORounds: 1, QuietEIO: 1},
		{Engine: "kernel", Workload: "direct-only", MMU: "kernel", Rounds: 10, Oracle: result.Oracle{Checked: 5}},
	}}
	run.Env.Engines = []result.Engine{{Name: "none"}, {Name: "kernel"}}
	run.Env.Plan.Workloads = []string{"direct-write+store", "mixed", "direct-only"}
	want := []string{
		"kernel on direct-write+store: in 60 rounds, 4 read what was stale, 2 lost data, 5 had EIO from a sync (3 of them without a loss): " +
			"20 stale, 700 lost (cells, in 9 exposures)",
		"none on mixed: in 0 rounds, 0 read what was stale, 0 lost data, 0 had EIO from a sync (0 of them without a loss): " +
			"1 stale, 2 inverted, 3 flipped, 4 torn, 5 from nowhere, 6 lost, 7 silently lost, 8 incoherent (cells, in 1 exposures)",
		"kernel on mixed: in 10 rounds, 0 read what was stale, 0 lost data, 1 had EIO from a sync (1 of them without a loss)",
	}
	if got := compare.Found(run); !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
}
