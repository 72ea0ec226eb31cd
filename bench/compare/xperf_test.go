package compare

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/perf/benchmath"
)

// Median and benchmath agree on the median, and on the interval but for the end
// that benchmath may cut once more.
func TestMedianAgreesWithBenchmath(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := 1; n <= 30; n++ {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = rng.ExpFloat64()
		}
		sample := benchmath.NewSample(slices.Clone(xs), &benchmath.DefaultThresholds)
		want, got := benchmath.AssumeNothing.Summary(sample, Confidence), Median(xs)
		if d := got.Center - want.Center; d > 1e-12 || d < -1e-12 {
			t.Errorf("n=%d: median %g, benchmath says %g", n, got.Center, want.Center)
		}
		if got.Interval() != (len(want.Warnings) == 0) {
			t.Errorf("n=%d: interval %v, benchmath warns %v", n, got.Interval(), want.Warnings)
		}
		if got.Interval() && (got.Lo > want.Lo || got.Hi < want.Hi || got.Confidence < want.Confidence-1e-9) {
			t.Errorf("n=%d: %+v does not hold benchmath's %+v", n, got, want)
		}
	}
}
