package workloads

import (
	"math"
	"testing"
	"time"
)

func TestTrend(t *testing.T) {
	for _, tt := range []struct {
		values           []float64
		slope, deviation float64
	}{
		{[]float64{5, 5, 5, 5}, 0, 0},
		{[]float64{8, 9, 10, 11, 12}, 0.4, 0.2},
		{[]float64{12, 11, 10, 9, 8}, -0.4, 0.2},
		{[]float64{10, 20, 10, 0, 10}, -0.8, 1},
	} {
		slope, deviation := trend(tt.values)
		if math.Abs(slope-tt.slope) > 1e-9 || math.Abs(deviation-tt.deviation) > 1e-9 {
			t.Errorf("%v: slope %g, deviation %g; want %g, %g", tt.values, slope, deviation, tt.slope, tt.deviation)
		}
	}
	if slope, _ := trend([]float64{0, 0}); !math.IsInf(slope, 1) {
		t.Error("nothing at all is steady")
	}
}

// A rule that anything keeps is kept after one window; one that nothing keeps
// ends after AtMost, and the case is measured all the same, with none of what
// came before.
func TestSteady(t *testing.T) {
	for _, tt := range []struct {
		limit    float64
		atMost   time.Duration
		attained bool
	}{{1e9, time.Minute, true}, {0, 100 * time.Millisecond, false}} {
		c := quickCase(&memEngine{name: "mem"}, DirectWrite)
		c.Steady = &SteadyRule{Limit: tt.limit, Window: 50 * time.Millisecond, AtMost: tt.atMost}
		o := mustRun(t, c)
		s := o.Steady
		if s == nil || s.Attained != tt.attained || s.Class != "direct-write" {
			t.Fatalf("limit %g: %+v", tt.limit, s)
		}
		if s.Waited < 50*time.Millisecond || !tt.attained && s.Waited < tt.atMost {
			t.Errorf("limit %g: waited %v", tt.limit, s.Waited)
		}
		if o.Rounds != 1 {
			t.Errorf("%d measured rounds, want the one of the case", o.Rounds)
		}
	}
	if o := mustRun(t, quickCase(&memEngine{name: "mem"}, DirectWrite)); o.Steady != nil {
		t.Errorf("nobody asked for a steady state: %+v", o.Steady)
	}
}
