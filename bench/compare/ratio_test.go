package compare

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func series(values ...float64) map[int]float64 {
	s := make(map[int]float64)
	for i, v := range values {
		s[i] = v
	}
	return s
}

// Repetitions which drift by a factor of four still give an exact ratio,
// because each is compared with itself.
func TestPairedCancelsDrift(t *testing.T) {
	r := Paired(series(50, 100, 200, 60, 120, 180), series(100, 200, 400, 120, 240, 360))
	if r.Refused != "" || r.Center != 0.5 || r.Lo != 0.5 || r.Hi != 0.5 || r.N != 6 {
		t.Errorf("ratio %+v, want 0.5 exactly", r)
	}
}

func TestPairedRefuses(t *testing.T) {
	six := series(1, 1, 1, 1, 1, 1)
	for _, tt := range []struct {
		name string
		a, b map[int]float64
		why  string
	}{
		{"nothing", nil, nil, "0 paired repetitions, at least 6 are needed"},
		{"five", series(1, 1, 1, 1, 1), series(1, 1, 1, 1, 1), "5 paired repetitions"},
		{"no partners", six, map[int]float64{0: 1, 1: 1, 7: 1}, "2 paired repetitions, at least 6 are needed; 5 have no partner"},
		{"base of zero", six, series(1, 1, 1, 1, 1, 0), "in 1 the base is 0"},
	} {
		if r := Paired(tt.a, tt.b); !strings.Contains(r.Refused, tt.why) || r.Verdict(Ratio{}) != Refused {
			t.Errorf("%s: %+v, want refused: %s", tt.name, r, tt.why)
		}
	}
}

func TestPairedWarnsOfWhatIsLeftOut(t *testing.T) {
	a := series(1, 1, 1, 1, 1, 1, 1)
	b := series(1, 1, 1, 1, 1, 1)
	b[9] = 1
	if r := Paired(a, b); r.Refused != "" || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "2 repetitions without a partner") {
		t.Errorf("%+v", r)
	}
	b = series(1, 1, 1, 1, 1, 1, 0)
	if r := Paired(a, b); r.Refused != "" || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "base is 0") {
		t.Errorf("%+v", r)
	}
}

// A ratio and its inverse are the same statement.
func TestPairedInverse(t *testing.T) {
	a, b := series(3, 5, 4, 7, 6, 5, 9, 4), series(2, 6, 4, 5, 5, 3, 8, 5)
	r, inv := Paired(a, b), Paired(b, a)
	if math.Abs(r.Lo*inv.Hi-1) > 1e-12 || math.Abs(r.Hi*inv.Lo-1) > 1e-12 {
		t.Errorf("%+v and its inverse %+v", r, inv)
	}
}

func ratio(lo, hi float64) Ratio {
	return Ratio{Estimate: Estimate{Center: (lo + hi) / 2, Lo: lo, Hi: hi, Confidence: 0.97, N: 6}}
}

func TestVerdict(t *testing.T) {
	none := Ratio{Refused: "no twin"}
	for _, tt := range []struct {
		name  string
		r, aa Ratio
		want  Verdict
	}{
		{"far below", ratio(0.3, 0.4), ratio(0.95, 1.04), Different},
		{"far above", ratio(1.5, 1.7), ratio(0.95, 1.04), Different},
		{"reaches 1", ratio(0.9, 1.001), ratio(0.99, 1.01), Alike},
		{"touches 1", ratio(0.9, 1), ratio(0.99, 1.01), Alike},
		{"below 1, but not below the noise", ratio(0.93, 0.97), ratio(0.95, 1.04), WithinNoise},
		{"below 1, noise on the other side as wide", ratio(0.93, 0.97), ratio(0.99, 1.06), WithinNoise},
		{"just beyond the noise", ratio(0.90, 0.94), ratio(0.95, 1.04), Different},
		{"above 1, within the noise", ratio(1.01, 1.04), ratio(0.95, 1.02), WithinNoise},
		{"no A/A: its own interval decides", ratio(0.93, 0.97), none, Different},
		{"refused", none, ratio(0.95, 1.04), Refused},
	} {
		if got := tt.r.Verdict(tt.aa); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// On a machine whose repetitions drift by a third, and whose pairs are off by 1.2 % besides,
// ten pairs tell 5 % in at least 95 of 100 comparisons, beyond the noise of a twin, and
// call the twin different in 5 at most.
func TestPairedTellsWhatThereIs(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	const comparisons = 1000
	falseAlarms, detected := 0, 0
	for range comparisons {
		raw, twin, slow := map[int]float64{}, map[int]float64{}, map[int]float64{}
		for rep := range 10 {
			drift := math.Exp(0.3 * rng.NormFloat64())
			rate := func() float64 { return drift * math.Exp(0.012/math.Sqrt2*rng.NormFloat64()) }
			raw[rep], twin[rep], slow[rep] = rate(), rate(), rate()/1.05
		}
		aa, r := Paired(twin, raw), Paired(slow, raw)
		if aa.Verdict(Ratio{Refused: "its own interval decides"}) == Different {
			falseAlarms++
		}
		if r.Verdict(aa) == Different && r.Center < 1 {
			detected++
		}
	}
	if falseAlarms > comparisons/20 || detected < comparisons*95/100 {
		t.Errorf("of %d comparisons, %d of twins are called different, %d tell 5 %%", comparisons, falseAlarms, detected)
	}
}
