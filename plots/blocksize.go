package plots

import (
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// faulters are the classes of operations that may wait in a page fault, the
// most telling first.
var faulters = []string{"fault", "load", "store", "buffered-read", "buffered-write"}

// BlockSizes returns the 99th percentile of the operations beside direct writes
// against the size of these; of direct writes themselves where there are no
// others.
func BlockSizes(run *result.Run) []Lines {
	all := families(compare.MostThreads(compare.Groups(run)), byBlock)
	var lines []Lines
	for _, f := range all {
		class := f.Class
		if i := slices.IndexFunc(faulters, func(name string) bool { return has(run.Records, f.Workload, name) }); i >= 0 {
			class = faulters[i]
		}
		l := Lines{Label: f.label(all), X: "bytes per direct IO", Y: class + " latency, p99", Curves: f.curves(run.Records, compare.P99(class))}
		if len(l.Curves) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// has reports whether a workload did operations of a class.
func has(records []result.Record, workload, class string) bool {
	return slices.ContainsFunc(records, func(r result.Record) bool { return r.Workload == workload && r.Ops[class] > 0 })
}

// blockSize draws how long others wait for larger direct IO.
func blockSize(t theme, engines []string, data []Lines) *Figure {
	return lineFigure(t, engines, Figure{
		Name:  "block-size",
		Title: "What large direct IO does to the latency of faults",
		Note: "The 99th percentile of the class named at the axis, median over the repetitions with its 95 % interval. " +
			"A lock held over a longer IO keeps faulters out for longer. Lower is better.",
	}, data, blockScale, timeScale)
}
