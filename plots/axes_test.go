package plots

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"

	"cohbench/bench/quantity"
)

func labels(t ticks) string {
	var list []string
	for _, tick := range t {
		if tick.Label != "" {
			list = append(list, tick.Label)
		}
	}
	return strings.Join(list, " | ")
}

func TestTicks(t *testing.T) {
	linearOf := func(top float64, n int) ticks { marks, _ := linear(top, n, quantity.ExactSI); return marks }
	for _, tt := range []struct{ got, want string }{
		{labels(linearOf(48000, 5)), "0 | 10k | 20k | 30k | 40k | 50k"},
		{labels(linearOf(1.06, 6)), "0 | 0.2 | 0.4 | 0.6 | 0.8 | 1 | 1.2"},
		{labels(linearOf(0, 5)), "0 | 0.2 | 0.4 | 0.6 | 0.8 | 1"},
		{labels(decades(1e-4, 1.5, chance)), "1 in 10k | 1 in 1k | 1 in 100 | 1 in 10 | 1"},
		{labels(decades(2e4, 9e5, quantity.ExactDuration)), "20 µs | 50 µs | 100 µs | 200 µs | 500 µs"},
		{labels(decades(1e-9, 1, chance)), "1 in 100M | 1 in 1M | 1 in 10k | 1 in 100 | 1"},
		{percent(0) + percent(2) + percent(3) + percent(5), "099 %99.9 %99.999 %"},
		{quantity.ExactDuration(2e9) + quantity.ExactDuration(1e6) + quantity.ExactDuration(5) + quantity.ExactDuration(999.9e3), "2 s1 ms5 ns1 ms"},
		{quantity.ExactSI(1e9) + quantity.ExactSI(12.5) + quantity.ExactSI(999.6), "1G12.51k"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// The axis holds the data, in a readable number of ticks.
func TestLinearHoldsTheData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := rapid.Float64Range(1e-6, 1e12).Draw(t, "top")
		marks, end := linear(top, 5, quantity.ExactSI)
		if end < top*(1-1e-9) || end > 2*top || len(marks) < 3 || len(marks) > 8 {
			t.Fatalf("to %g for %g, ticks %v", end, top, marks)
		}
	})
}

// The arrow of the lowest bound has room on the axis.
func TestChanceAxisHoldsArrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Chance{Hi: rapid.Float64Range(1e-11, 1).Draw(t, "bound"), Bound: true}
		var a plot.Axis
		chanceAxis(&a, []Chance{c})
		left := vg.Length(a.Norm(c.x())) * 240 // of a panel's width in points
		if left < arrowLength*0.45 || a.Norm(c.x()) > 1 {
			t.Fatalf("the bound %g lies %g points from the left of [%g, %g]", c.Hi, left, a.Min, a.Max)
		}
	})
}

// No name covers another, or a point, or leaves the panel.
func TestLabelsDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := labeller{area: box(0, 0, 250, 200)}
		var points []vg.Point
		for range rapid.IntRange(1, 10).Draw(t, "n") {
			at := vg.Point{X: vg.Length(rapid.Float64Range(0, 250).Draw(t, "x")), Y: vg.Length(rapid.Float64Range(0, 200).Draw(t, "y"))}
			points = append(points, at)
			l.avoid(at, 5.5)
		}
		for i, at := range points {
			before := len(l.taken)
			r, ok := l.place(known[i%len(known)], at)
			if !ok {
				continue
			}
			for _, other := range l.taken[:before] {
				if overlap(r, other) {
					t.Fatalf("%v covers %v", r, other)
				}
			}
			if r.Min.X < 0 || r.Max.X > 250 || r.Min.Y < 0 || r.Max.Y > 200 {
				t.Fatalf("%v is outside", r)
			}
		}
	})
}

// Seven engines at one spot all find room for their names.
func TestLabelsOfACluster(t *testing.T) {
	l := labeller{area: box(0, 0, 250, 200)}
	at := vg.Point{X: 40, Y: 150}
	l.avoid(at, 5.5)
	for _, name := range known {
		if _, ok := l.place(name, at); !ok {
			t.Errorf("no room for %s", name)
		}
	}
}

// Throughput against staleness is log-log: equal ratios are equally far apart,
// also where they are small, and then there are marks enough to read them by.
func TestTradeoffIsLogarithmic(t *testing.T) {
	for _, tt := range []struct {
		rates    []float64
		relative bool
		want     string
	}{
		{[]float64{100, 1000, 50000}, false, "100 | 1k | 10k"},
		{[]float64{5000, 5100, 6000}, false, "5k | 10k"},
		{[]float64{0.97, 1.03}, true, "0.5 | 1 | 2"},
		{[]float64{0.05, 0.9}, true, "0.05 | 0.1 | 0.2 | 0.5 | 1"},
		{[]float64{0, 300, 400}, false, "0 | 100 | 200 | 500"},
		{[]float64{0}, false, "0 | 0.1 | 0.2 | 0.5 | 1"},
	} {
		d := Tradeoff{Label: "w", Class: "c", Relative: tt.relative}
		for _, v := range tt.rates {
			d.Points = append(d.Points, TradeoffPoint{"raw", Value{Center: v, Lo: v, Hi: v}, Chance{Hi: 0.01, Bound: true}})
		}
		p := tradeoffPanel(newTheme([]string{"raw"}), d)
		marks := p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max)
		if got := labels(marks); got != tt.want {
			t.Errorf("%v: marks %s, want %s", tt.rates, got, tt.want)
		}
		for _, v := range tt.rates {
			if at := p.Y.Norm(math.Log10(v)); v > 0 && (at < 0 || at > 1) {
				t.Errorf("%v: %g lies at %g of the axis", tt.rates, v, at)
			}
		}
		if !strings.HasSuffix(p.Y.Label.Text, "(log scale)") {
			t.Errorf("the axis is labelled %q", p.Y.Label.Text)
		}
	}
}
