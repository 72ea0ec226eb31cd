package compare

import (
	"fmt"
	"math"
	"slices"
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

// Median estimates the median of values, with the distribution-free interval
// between the k-th smallest and the k-th largest of them, whose confidence
// follows from the binomial distribution. (x/perf's benchmath does the same, but
// where the two sides cannot be cut alike it cuts one more off the right; here
// both ends count alike, so that the interval of a ratio and of its inverse
// are the same.) Values that are not finite are left out with a warning.
func Median(values []float64) Estimate {
	e := Estimate{}
	xs := slices.DeleteFunc(slices.Clone(values), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
	if left := len(values) - len(xs); left > 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d of %d values are not finite and were left out", left, len(values)))
	}
	e.N = len(xs)
	if e.N == 0 {
		e.Center = math.NaN()
		e.Warnings = append(e.Warnings, "nothing was measured")
		return e
	}
	slices.Sort(xs)
	e.Center = middle(xs)
	k, confidence := orderStatistic(e.N)
	if k == 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("no interval: %d repetitions, at least %d are needed", e.N, MinReps))
		return e
	}
	e.Lo, e.Hi, e.Confidence = xs[k-1], xs[e.N-k], confidence
	return e
}

// middle is the median of sorted, non-empty xs.
func middle(xs []float64) float64 {
	n := len(xs)
	if n%2 == 1 {
		return xs[n/2]
	}
	return xs[n/2-1] + (xs[n/2]-xs[n/2-1])/2
}

// orderStatistic returns the largest k such that the k-th smallest and the k-th
// largest of n values enclose the median with Confidence, and with what
// confidence they do; 0 if n is too small. The median lies outside with
// probability 2 P[Binomial(n, 1/2) < k].
func orderStatistic(n int) (k int, confidence float64) {
	outside := 0.0
	for i := 0; 2*i < n; i++ {
		outside += 2 * binomialHalf(n, i)
		if 1-outside < Confidence {
			break
		}
		k, confidence = i+1, 1-outside
	}
	return k, confidence
}

// binomialHalf is P[Binomial(n, 1/2) = i].
func binomialHalf(n, i int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(i + 1))
	c, _ := math.Lgamma(float64(n - i + 1))
	return math.Exp(a - b - c - float64(n)*math.Ln2)
}
