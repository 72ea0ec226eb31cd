package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOrderStatistic(t *testing.T) {
	// From the binomial distribution, as printed in tables of the sign test.
	for _, tt := range []struct {
		n, k       int
		confidence float64
	}{
		{0, 0, 0}, {1, 0, 0}, {5, 0, 0}, {6, 1, 0.96875}, {7, 1, 0.984375}, {8, 1, 0.9921875},
		{9, 2, 0.9609375}, {10, 2, 0.978515625}, {12, 3, 0.96142578125}, {20, 6, 0.95861053},
	} {
		k, confidence := orderStatistic(tt.n)
		if k != tt.k || math.Abs(confidence-tt.confidence) > 1e-8 {
			t.Errorf("n=%d: k=%d with %v, want %d with %v", tt.n, k, confidence, tt.k, tt.confidence)
		}
	}
	if k, _ := orderStatistic(MinReps - 1); k != 0 {
		t.Errorf("MinReps is %d, but fewer will do", MinReps)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		name           string
		values         []float64
		center, lo, hi float64
		interval       bool
		warning        string
	}{
		{"six", []float64{6, 1, 5, 2, 4, 3}, 3.5, 1, 6, true, ""},
		{"nine", []float64{9, 8, 7, 6, 5, 4, 3, 2, 100}, 6, 3, 9, true, ""},
		{"five", []float64{5, 1, 2, 3, 4}, 3, 0, 0, false, "no interval: 5 repetitions, at least 6"},
		{"one", []float64{5}, 5, 0, 0, false, "no interval: 1 repetitions"},
		{"not finite", []float64{1, 2, 3, math.NaN(), 4, 5, 6, math.Inf(1)}, 3.5, 1, 6, true, "2 of 8 values are not finite"},
	} {
		e := Median(tt.values)
		if e.Center != tt.center || e.Interval() != tt.interval || e.Lo != tt.lo || e.Hi != tt.hi {
			t.Errorf("%s: %+v", tt.name, e)
		}
		if got := strings.Join(e.Warnings, "\n"); (tt.warning == "") != (got == "") || !strings.Contains(got, tt.warning) {
			t.Errorf("%s: warnings %q, want %q", tt.name, got, tt.warning)
		}
	}
	if e := Median(nil); !math.IsNaN(e.Center) || e.Interval() || len(e.Warnings) == 0 {
		t.Errorf("the median of nothing is %+v", e)
	}
}

// The interval covers the true median as often as it says, whatever the
// distribution.
func TestMedianCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{6, 10, 15} {
		const trials = 4000
		covered := 0
		for range trials {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = math.Exp(2 * rng.NormFloat64()) // median 1, a long tail
			}
			if e := Median(xs); e.Lo <= 1 && 1 <= e.Hi {
				covered++
			}
		}
		_, want := orderStatistic(n)
		if got := float64(covered) / trials; math.Abs(got-want) > 0.015 {
			t.Errorf("n=%d: covered %.3f of the time, want %.3f", n, got, want)
		}
	}
}

func TestMedianProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 40).Draw(t, "xs")
		before := slices.Clone(xs)
		e := Median(xs)
		if !slices.Equal(xs, before) {
			t.Fatal("the argument was changed")
		}
		if e.Interval() != (len(xs) >= MinReps) {
			t.Fatalf("interval %v of %d values", e.Interval(), len(xs))
		}
		if e.Interval() && (e.Lo > e.Center || e.Center > e.Hi || e.Confidence < Confidence) {
			t.Fatalf("not an interval: %+v", e)
		}
	})
}
