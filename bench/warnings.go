package bench

import (
	"fmt"
	"maps"
	"slices"

	"cohbench/bench/result"
)

// figureWarnings says what the figures of a run leave out: latencies that no
// histogram could hold, and cases measured without the steady state that was
// asked for.
func figureWarnings(records []result.Record) []string {
	lost := map[string]int64{} // latencies, by engine, workload and class
	var waited, unsteady int
	for _, r := range records {
		for class, l := range r.Latency {
			lost[fmt.Sprintf("%s on %s: %s", r.Engine, r.Workload, class)] += l.OutOfRange
		}
		if r.Steady != nil {
			waited++
			if !r.Steady.Attained {
				unsteady++
			}
		}
	}
	var list []string
	for _, who := range slices.Sorted(maps.Keys(lost)) {
		if lost[who] > 0 {
			list = append(list, fmt.Sprintf("%s: %d latencies beyond the range of the histogram are in no percentile", who, lost[who]))
		}
	}
	if unsteady > 0 {
		list = append(list, fmt.Sprintf("%d of %d cases were measured without a steady state: none was attained in time", unsteady, waited))
	}
	return list
}
