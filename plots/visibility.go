package plots

import (
	"cmp"
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// Visibilities returns the probability that a read is stale so long after a
// write of its block had completed (t-visibility), in ns, for the groups in
// which that was counted.
func Visibilities(run *result.Run) []Lines {
	groups := panels(run)
	label := labelling(run, groups)
	var lines []Lines
	for _, g := range groups {
		l := Lines{Label: label(g), X: "time since the write completed", Y: "chance that a read is stale"}
		for _, c := range g.Cases {
			for _, b := range visibilityBins(compare.Of(run.Records, c)) {
				if p := visible(b); p.Y.Center < 1 || !p.Bound {
					l.add(c.Engine, p) // else it would say that a chance is below 1
				}
			}
		}
		if len(l.Curves) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// A timeBin is the reads of a bin, by repetition.
type timeBin struct {
	from, to     int64
	reads, stale []int64
}

// visibilityBins collects the bins of the repetitions of a case, in order of time.
func visibilityBins(records []result.Record) []timeBin {
	var bins []timeBin
	for _, r := range records {
		if r.Staleness == nil {
			continue
		}
		for _, v := range r.Staleness.Visibility {
			i := slices.IndexFunc(bins, func(b timeBin) bool { return b.from == v.From && b.to == v.To })
			if i < 0 {
				i = len(bins)
				bins = append(bins, timeBin{from: v.From, to: v.To})
			}
			bins[i].reads = append(bins[i].reads, v.Reads)
			bins[i].stale = append(bins[i].stale, v.Stale)
		}
	}
	slices.SortFunc(bins, func(a, b timeBin) int { return cmp.Compare(a.from, b.from) })
	return slices.DeleteFunc(bins, func(b timeBin) bool { return sum(b.reads) == 0 })
}

func sum(values []int64) (total int64) {
	for _, v := range values {
		total += v
	}
	return total
}

// visible is the point of a bin, at its lower end: that is how long a read has
// waited at least. Nothing stale in N reads is the bound 3/N.
func visible(b timeBin) Point {
	chance := compare.PerTrial(b.stale, b.reads)
	x := max(float64(b.from), 1)
	if chance.Bound() {
		return Point{X: x, Y: Value{Center: chance.Hi, Lo: chance.Hi, Hi: chance.Hi}, Bound: true}
	}
	return Point{X: x, Y: Value{chance.Value, chance.Lo, min(1, chance.Hi), true}}
}

// visibility draws how long after a write its data may still not be seen.
func visibility(t theme, engines []string, data []Lines) *Figure {
	return lineFigure(t, engines, Figure{
		Name:  "visibility",
		Title: "When a completed write is seen",
		Note: "The chance that a read which begins so long after a write of its block had completed returns older data (t-visibility). " +
			"Hollow with an arrow: none stale in N reads, drawn at the 95 % bound 3/N; the truth lies below. Bands are 95 % intervals. An engine that is coherent has nothing but hollow marks.",
	}, data, timeScale, chanceScale)
}
