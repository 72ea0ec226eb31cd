package plots

import (
	"testing"

	"gonum.org/v1/plot"
)

// One event in a few rounds has an interval that reaches zero, of which there
// is no logarithm.
func TestChancesDownToZero(t *testing.T) {
	p := plot.New()
	chanceAxis(&p.X, []Chance{{Value: 2.7e-4, Lo: 0, Hi: 1.5e-3, Events: 1}})
	if p.X.Min <= 0 || p.X.Min > 2.7e-4 {
		t.Errorf("the axis begins at %g", p.X.Min)
	}
	if at := p.X.Norm(0); at != 0 {
		t.Errorf("zero stands at %g of the axis, want its beginning", at)
	}
}
