package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Ten against ten without ties: 23 of the 100 ratios lie outside at either end,
// as tables of U have it for 5 % (two-sided), and the confidence is 0.957.
func TestUnpairedLeavesOutWhatTablesSay(t *testing.T) {
	var a, b []float64
	for i := range 10 {
		a = append(a, math.Pow(2, float64(10*i)))
		b = append(b, math.Pow(2, float64(i)))
	}
	r := Unpaired(a, b)
	below, above := 0, 0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x/y < r.Lo:
				below++
			case x/y > r.Hi:
				above++
			}
		}
	}
	if below != 23 || above != 23 || math.Abs(r.Confidence-0.9568) > 1e-3 {
		t.Errorf("%d below, %d above, confidence %.4f; want 23, 23, 0.9568", below, above, r.Confidence)
	}
}

func TestUnpairedProperties(t *testing.T) {
	values := rapid.SliceOfN(rapid.Float64Range(1, 1e6), MinReps, 15)
	rapid.Check(t, func(t *rapid.T) {
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		r, inverse := Unpaired(a, b), Unpaired(b, a)
		if r.Refused != "" || r.Lo > r.Center || r.Center > r.Hi || r.Confidence < Confidence {
			t.Fatalf("%+v", r)
		}
		if math.Abs(r.Lo*inverse.Hi-1) > 1e-9 || math.Abs(r.Hi*inverse.Lo-1) > 1e-9 || math.Abs(r.P-inverse.P) > 1e-9 {
			t.Fatalf("%+v and its inverse %+v", r, inverse)
		}
		untied := len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))) == len(a)+len(b)
		if outside := r.Lo > 1 || r.Hi < 1; untied && outside != (r.P <= 1-Confidence) {
			t.Fatalf("%+v: the interval and the test do not agree", r)
		}
	})
}

func TestUnpairedRefuses(t *testing.T) {
	six := []float64{1, 2, 3, 4, 5, 6}
	for _, tt := range []struct {
		a, b []float64
		why  string
	}{
		{six[:5], six, "6 and 5 repetitions, at least 6"},
		{six, nil, "0 and 6 repetitions"},
		{six, []float64{0, 1, 2, 3, 4, 5}, "the base is 0"},
	} {
		if r := Unpaired(tt.a, tt.b); !strings.Contains(r.Refused, tt.why) {
			t.Errorf("%v to %v: %+v, want refused: %s", tt.a, tt.b, r, tt.why)
		}
	}
}

// What does not vary has an interval without width.
func TestUnpairedOfConstants(t *testing.T) {
	r := Unpaired([]float64{3, 3, 3, 3, 3, 3}, []float64{2, 2, 2, 2, 2, 2})
	if r.Center != 1.5 || r.Lo != 1.5 || r.Hi != 1.5 || r.P > 0.05 {
		t.Errorf("%+v", r)
	}
}

// The interval holds the true ratio as often as it says, and no more often
// than that are equals called different.
func TestUnpairedCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const trials = 1000
	draw := func(n int, scale float64) []float64 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = scale * math.Exp(0.5*rng.NormFloat64())
		}
		return xs
	}
	covered := 0
	for range trials {
		if r := Unpaired(draw(10, 3), draw(8, 2)); r.Lo <= 1.5 && 1.5 <= r.Hi {
			covered++
		}
	}
	if got := float64(covered) / trials; got < 0.94 || got > 0.98 {
		t.Errorf("covered %.3f of the time, want 0.957", got)
	}
}
