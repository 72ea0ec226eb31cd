package compare

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Confidence is the least confidence of every interval.
const Confidence = 0.95

// MinReps is the number of repetitions below which nothing is compared: the
// smallest for which the range of the sample covers the median with
// Confidence (1 - 2/2^6 = 0.97).
const MinReps = 6

// An Estimate is a figure and its interval, or the reason why it has none.
type Estimate struct {
	Center     float64
	Lo, Hi     float64  // meaningless unless Interval()
	Confidence float64  // of Lo to Hi: at least the one asked for; 0 without an interval
	N          int      // repetitions
	Warnings   []string // worth knowing before believing it
}

// Interval reports whether Lo and Hi may be used.
func (e Estimate) Interval() bool { return e.Confidence > 0 }

// Median estimates the median of values with benchmath.AssumeNothing, which
// benchstat uses too: the interval lies between two order statistics, and its
// confidence follows from the binomial distribution. Values that are not finite
// are left out with a warning; what benchmath warns of is a warning here.
func Median(values []float64) Estimate {
	xs := slices.DeleteFunc(slices.Clone(values), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
	e := Estimate{N: len(xs)}
	if left := len(values) - len(xs); left > 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d of %d values are not finite and were left out", left, len(values)))
	}
	if e.N == 0 {
		e.Center = math.NaN()
		e.Warnings = append(e.Warnings, "nothing was measured")
		return e
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(xs, &benchmath.DefaultThresholds), Confidence)
	e.Center = s.Center
	if math.IsInf(s.Lo, 0) || math.IsInf(s.Hi, 0) {
		e.Warnings = append(e.Warnings, fmt.Sprintf("no interval: %d repetitions, at least %d are needed", e.N, MinReps))
		return e
	}
	for _, w := range s.Warnings {
		e.Warnings = append(e.Warnings, w.Error())
	}
	e.Lo, e.Hi, e.Confidence = s.Lo, s.Hi, s.Confidence
	return e
}

// symmetric is Median with both ends cut alike. Where an interval cannot leave
// out as many values below as above, benchmath leaves out one more on the
// right; for a ratio that would make the answer depend on which side is the
// base.
func symmetric(values []float64) Estimate {
	e, mirrored := Median(values), Median(negated(values))
	if e.Interval() {
		e.Lo, e.Hi = min(e.Lo, -mirrored.Hi), max(e.Hi, -mirrored.Lo)
	}
	return e
}

func negated(values []float64) []float64 {
	list := make([]float64, len(values))
	for i, v := range values {
		list[i] = -v
	}
	return list
}
