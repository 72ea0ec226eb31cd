package plots

import (
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

var byDepth = dimension{
	name:  "direct requests in flight per task",
	value: func(g compare.Group) (float64, bool) { return float64(max(1, g.IODepth)), true },
	drop:  func(g *compare.Group) { g.IODepth = 0 },
}

// A Factor is the rate against something that was varied, be it not threads or
// an arrival rate, which have pictures of their own.
type Factor struct {
	Lines
	scale scale // of the X axis
}

// Factors returns those of a run: the block size, requests in flight, and other
// settings that are numbers.
func Factors(run *result.Run) []Factor {
	groups := compare.Groups(run)
	var all []Factor
	add := func(d dimension, s scale) {
		list := families(groups, d)
		for _, f := range list {
			l := Lines{Label: f.label(list), X: d.name, Y: f.Class + " operations per second", Curves: f.curves(run.Records, compare.Rate(f.Class))}
			if len(l.Curves) > 0 {
				all = append(all, Factor{l, s})
			}
		}
	}
	add(byBlock, blockScale)
	add(byDepth, threadScale)
	arriving := arrivals(groups)
	for _, name := range settings(groups) {
		if !slices.Contains(arriving, name) {
			add(bySetting(name), scale{exact: true, print: quantity.ExactSI})
		}
	}
	return all
}

// factors draws rates against what was varied.
func factors(t theme, engines []string, data []Factor) *Figure {
	var lines []Lines
	for _, d := range data {
		lines = append(lines, d.Lines)
	}
	f := lineFigure(t, engines, Figure{
		Name:  "factors",
		Title: "Throughput against what was varied",
		Note:  "Median over the repetitions; bands are 95 % intervals. Higher is better; raw has neither cache nor lock and is the ceiling.",
	}, lines, threadScale, rateScale)
	for i, d := range data {
		f.panels[i] = d.panel(t, d.scale, rateScale)
	}
	return f
}
