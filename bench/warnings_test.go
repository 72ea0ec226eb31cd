package bench

import (
	"slices"
	"testing"

	"cohbench/bench/result"
)

func TestFigureWarnings(t *testing.T) {
	records := []result.Record{
		{Engine: "a", Workload: "w", Latency: map[string]result.Latency{"load": {OutOfRange: 2}, "store": {}}, Steady: &result.Steady{Attained: true}},
		{Engine: "a", Workload: "w", Latency: map[string]result.Latency{"load": {OutOfRange: 3}}, Steady: &result.Steady{}},
		{Engine: "b", Workload: "w", Latency: map[string]result.Latency{"load": {}}},
	}
	want := []string{
		"a on w: load: 5 latencies beyond the range of the histogram are in no percentile",
		"1 of 2 cases were measured without a steady state: none was attained in time",
	}
	if got := figureWarnings(records); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := figureWarnings(records[2:]); got != nil {
		t.Errorf("nothing is left out: %q", got)
	}
}
