package plots

import (
	"fmt"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// Scalings returns, for the workloads that ran on more than one number of
// threads, the rate against that number.
func Scalings(run *result.Run) []Lines {
	all := families(compare.Groups(run), byThreads)
	var lines []Lines
	for _, f := range all {
		l := Lines{Label: f.label(all), X: "threads", Y: f.Class + " operations per second", Curves: f.curves(run.Records, compare.Rate(f.Class))}
		if len(l.Curves) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// enoughCores is how many a machine should have before its curves are called
// scaling.
const enoughCores = 8

// scaling draws rates against threads.
func scaling(t theme, engines []string, data []Lines, cores int) *Figure {
	f := Figure{
		Name:  "scaling",
		Title: "Throughput against threads",
		Note:  "Median over the repetitions; bands are 95 % intervals. Higher is better; raw has neither cache nor lock and is the ceiling.",
	}
	if cores < enoughCores {
		f.Warnings = []string{fmt.Sprintf("Measured on %d %s: with fewer than %d, threads take turns, and these curves show how many of them wait for the device at a time, "+
			"not how an engine scales with cores.", cores, plural(cores, "CPU"), enoughCores)}
	}
	return lineFigure(t, engines, f, data, threadScale, rateScale)
}
