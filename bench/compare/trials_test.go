package compare

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPerTrialZeroIsABound(t *testing.T) {
	c := PerTrial([]int64{0, 0, 0}, []int64{1000, 500, 1500})
	if !c.Bound() || c.Hi != 0.001 || c.Value != 0 || c.Lo != 0 || c.None != "" {
		t.Errorf("0 in 3000 is %+v, want the bound 0.001", c)
	}
}

func TestPerTrialWithoutTrials(t *testing.T) {
	if c := PerTrial([]int64{0}, []int64{0}); c.None != "no exposures" || c.Bound() {
		t.Errorf("%+v", c)
	}
	if c := PerTrial([]int64{7}, []int64{0}); !strings.Contains(c.None, "7 events") {
		t.Errorf("%+v", c)
	}
}

func TestPoisson(t *testing.T) {
	// From tables of exact Poisson limits (95 %).
	for _, tt := range []struct {
		n      int64
		lo, hi float64
	}{
		{1, 0.0253, 5.5716}, {2, 0.2422, 7.2247}, {5, 1.6235, 11.6683}, {10, 4.7954, 18.3904}, {100, 81.3640, 121.6270},
	} {
		lo, hi := poisson(tt.n)
		if math.Abs(lo-tt.lo) > 1e-3 || math.Abs(hi-tt.hi) > 1e-3 {
			t.Errorf("%d: [%.4f, %.4f], want [%.4f, %.4f]", tt.n, lo, hi, tt.lo, tt.hi)
		}
	}
	if lo, hi := poisson(1e8); math.Abs(lo-1e8+1.96e4) > 1e2 || math.Abs(hi-1e8-1.96e4) > 1e2 {
		t.Errorf("1e8: [%g, %g]", lo, hi)
	}
}

// Bursts widen the interval: as many events, all in one repetition, say less.
func TestPerTrialBursts(t *testing.T) {
	trials := []int64{1000, 1000, 1000, 1000, 1000, 1000}
	even := PerTrial([]int64{20, 20, 20, 20, 20, 20}, trials)
	burst := PerTrial([]int64{120, 0, 0, 0, 0, 0}, trials)
	if even.Value != burst.Value || even.Value != 0.02 {
		t.Errorf("values %g and %g, want 0.02", even.Value, burst.Value)
	}
	if burst.Hi-burst.Lo < 2*(even.Hi-even.Lo) {
		t.Errorf("even [%g, %g], burst [%g, %g]", even.Lo, even.Hi, burst.Lo, burst.Hi)
	}
	if few := PerTrial([]int64{60, 60}, trials[:2]); len(few.Warnings) != 1 {
		t.Errorf("2 repetitions warn %v", few.Warnings)
	}
}

func TestPerTrialCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const rounds, p = 300, 0.02
	covered := 0
	for range rounds {
		var events, trials []int64
		for range 8 {
			n := int64(400 + rng.IntN(200))
			e := int64(0)
			for range n {
				if rng.Float64() < p {
					e++
				}
			}
			events, trials = append(events, e), append(trials, n)
		}
		if c := PerTrial(events, trials); c.Lo <= p && p <= c.Hi {
			covered++
		}
	}
	if float64(covered)/rounds < 0.93 {
		t.Errorf("covered %d of %d", covered, rounds)
	}
}

// The same results give the same report.
func TestPerTrialIsDeterministic(t *testing.T) {
	events, trials := []int64{1, 50, 3, 0, 9, 2}, []int64{100, 100, 100, 100, 100, 100}
	a, b := PerTrial(events, trials), PerTrial(events, trials)
	if a.Lo != b.Lo || a.Hi != b.Hi {
		t.Errorf("%+v and %+v", a, b)
	}
}
