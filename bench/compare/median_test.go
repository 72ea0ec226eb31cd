package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// upTo is 1 to n, so that a value is its own rank.
func upTo(n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = float64(i + 1)
	}
	return xs
}

// From the binomial distribution, as printed in tables of the sign test: k is
// the rank of the lower end.
func TestSymmetric(t *testing.T) {
	for _, tt := range []struct{ n, k int }{{1, 0}, {5, 0}, {6, 1}, {7, 1}, {8, 1}, {9, 2}, {10, 2}, {11, 2}, {12, 3}, {15, 4}, {20, 6}, {25, 8}} {
		e := symmetric(upTo(tt.n))
		if e.Interval() != (tt.k > 0) {
			t.Errorf("n=%d: %+v", tt.n, e)
		} else if lo, hi := float64(tt.k), float64(tt.n+1-tt.k); e.Interval() && (e.Lo != lo || e.Hi != hi) {
			t.Errorf("n=%d: [%g, %g], want [%g, %g]", tt.n, e.Lo, e.Hi, lo, hi)
		}
	}
}

func TestMinReps(t *testing.T) {
	if Median(upTo(MinReps-1)).Interval() || !Median(upTo(MinReps)).Interval() {
		t.Errorf("%d is not the least number of repetitions with an interval", MinReps)
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
		covered, want := 0, 0.0
		for range trials {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = math.Exp(2 * rng.NormFloat64()) // median 1, a long tail
			}
			e := Median(xs)
			if e.Lo <= 1 && 1 <= e.Hi {
				covered++
			}
			want = e.Confidence
		}
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
