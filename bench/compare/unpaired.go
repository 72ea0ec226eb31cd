package compare

import (
	"fmt"
	"slices"
	"sort"

	"golang.org/x/perf/benchmath"
)

// Unpaired compares samples which have nothing in common but what they
// measure, as two runs do: the median of the ratios of every value of a to every
// value of b (Hodges and Lehmann 1963), and as its interval the ratios that the
// Mann-Whitney U test of benchmath.AssumeNothing does not reject. So the
// interval leaves 1 out exactly where, ties apart, the test calls a and b
// different; P is what it says of that. Below MinReps values on either side the comparison is refused.
//
// The test takes values as independent. Those of two runs that were made one
// after the other are not, where the machine has changed between them; only
// pairs within a run see to that.
func Unpaired(a, b []float64) Ratio {
	switch {
	case len(a) < MinReps || len(b) < MinReps:
		return Ratio{Refused: fmt.Sprintf("%d and %d repetitions, at least %d of each are needed", len(b), len(a), MinReps)}
	case slices.Min(b) <= 0:
		return Ratio{Refused: "the base is 0 in some repetitions"}
	}
	all := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, x/y)
		}
	}
	slices.Sort(all)
	n := len(all)
	// k is how many of the ratios the interval leaves out at either end.
	k := sort.Search(n/2, func(u int) bool { return rankP(len(a), len(b), u) > 1-Confidence })
	return Ratio{
		Estimate: Estimate{Center: Median(all).Center, Lo: all[k-1], Hi: all[n-k], Confidence: 1 - rankP(len(a), len(b), k-1), N: min(len(a), len(b))},
		P:        uTest(a, b),
	}
}

// rankP is what the U test says of n and m values without ties, where in u of
// the n*m pairs the first is the greater.
func rankP(n, m, u int) float64 {
	a, b := make([]float64, n), make([]float64, m)
	for i := range b {
		b[i] = float64(i + 1)
	}
	for i := range a {
		above := min(m, u)
		u -= above
		a[i] = float64(above) + float64(i+1)/float64(n+1)
	}
	return benchmath.AssumeNothing.Compare(sample(a), sample(b)).P
}

// uTest is how likely samples as far apart as a and b, or further, come from
// one population; 1 if all values are equal. With ties benchmath may say more
// than 1, and something else the other way round: the larger counts.
func uTest(a, b []float64) float64 {
	test := benchmath.AssumeNothing.Compare
	return min(1, max(test(sample(a), sample(b)).P, test(sample(b), sample(a)).P))
}

func sample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
}
