package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// A Ratio is how one engine compares with another: of pairs, the median, over
// the repetitions, of the ratio within each repetition.
type Ratio struct {
	Estimate
	P float64 // of the U test; only Unpaired sets it
	// Refused says why there is no comparison; then the rest means nothing.
	Refused string
}

// Paired compares a with b, each a measurement by repetition. Repetitions that
// only one of them has are left out with a warning. Below MinReps pairs, the
// comparison is refused.
func Paired(a, b map[int]float64) Ratio {
	var ratios []float64
	unpaired, zero := 0, 0
	for _, rep := range slices.Sorted(maps.Keys(a)) {
		y, ok := b[rep]
		switch {
		case !ok:
			unpaired++
		case y == 0:
			zero++
		default:
			ratios = append(ratios, a[rep]/y)
		}
	}
	unpaired += len(b) - (len(ratios) + zero)
	if len(ratios) < MinReps {
		return Ratio{Refused: tooFew(len(ratios), unpaired, zero)}
	}
	r := Ratio{Estimate: symmetric(ratios)}
	if unpaired > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d repetitions without a partner left out", unpaired))
	}
	if zero > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d repetitions left out because the base is 0", zero))
	}
	return r
}

func tooFew(pairs, unpaired, zero int) string {
	s := fmt.Sprintf("%d paired repetitions, at least %d are needed", pairs, MinReps)
	if unpaired > 0 {
		s += fmt.Sprintf("; %d have no partner", unpaired)
	}
	if zero > 0 {
		s += fmt.Sprintf("; in %d the base is 0", zero)
	}
	return s
}

// A Verdict is what may be said of a ratio.
type Verdict string

// Verdicts.
const (
	Refused   Verdict = "not compared"
	Different Verdict = "different"
	// Alike: its own interval reaches 1.
	Alike Verdict = "no difference seen"
	// WithinNoise: its interval does not reach 1, but two identical engines
	// differ as much.
	WithinNoise Verdict = "within A/A noise"
)

// Verdict says whether r is a difference. aa is the ratio of two identical
// engines; refused, or of too few repetitions, it decides nothing. A ratio counts
// as different only if its whole interval lies outside 1 and outside the interval
// of aa, mirrored so that it is as wide below 1 as above.
func (r Ratio) Verdict(aa Ratio) Verdict {
	if r.Refused != "" || !r.Interval() {
		return Refused
	}
	if r.Lo <= 1 && r.Hi >= 1 {
		return Alike
	}
	noise := aa.Noise()
	if math.Log(r.Lo) <= noise && math.Log(r.Hi) >= -noise {
		return WithinNoise
	}
	return Different
}

// Noise is how far from 1, as a logarithm, the interval of an A/A ratio
// reaches; 0 if it was refused.
func (r Ratio) Noise() float64 {
	if r.Refused != "" || !r.Interval() || r.Lo <= 0 {
		return 0
	}
	return max(math.Abs(math.Log(r.Lo)), math.Abs(math.Log(r.Hi)))
}
