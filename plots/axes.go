package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// ticks are fixed ones.
type ticks []plot.Tick

// Ticks implements plot.Ticker.
func (t ticks) Ticks(_, _ float64) []plot.Tick { return t }

// linear returns ticks from 0 in steps of 1, 2 or 5 times a power of ten, about n of
// them, and the rounded end of the axis.
func linear(top float64, n int, label func(float64) string) (ticks, float64) {
	if top <= 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		top = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(top/float64(n))))
	for _, m := range []float64{1, 2, 5, 10} {
		if top/(step*m) <= float64(n) {
			step *= m
			break
		}
	}
	end := step * math.Ceil(top/step-1e-9)
	var t ticks
	for i := 0; float64(i)*step <= end*(1+1e-9); i++ {
		v := float64(i) * step
		t = append(t, plot.Tick{Value: v, Label: label(v)})
	}
	return t, end
}

// decades returns ticks for a logarithmic axis from lo to hi: powers of ten,
// and where these are few, 2 and 5 times them as well.
func decades(lo, hi float64, label func(float64) string) ticks {
	var t ticks
	few := math.Log10(hi/lo) < 2.2
	many := math.Log10(hi/lo) > 6.5
	for e := int(math.Floor(math.Log10(lo))); e <= int(math.Ceil(math.Log10(hi))); e++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow(10, float64(e))
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			tick := plot.Tick{Value: v}
			if m == 1 && (!many || e%2 == 0) || few && (m == 2 || m == 5) {
				tick.Label = label(v)
			}
			t = append(t, tick)
		}
	}
	return t
}

// upright turns a laid-out logarithmic Y axis into one of logarithms, since gonum
// puts the label of a logarithmic one far above its middle and makes room for
// it there. Values are plotted by their logarithm to base 10 then.
func upright(a *plot.Axis) {
	var marks ticks
	for _, t := range a.Tick.Marker.Ticks(a.Min, a.Max) {
		t.Value = math.Log10(t.Value)
		marks = append(marks, t)
	}
	a.Scale = plot.LinearScale{}
	a.Min, a.Max, a.Tick.Marker = math.Log10(a.Min), math.Log10(a.Max), marks
}

// chance prints a power of ten below 1 as "1 in 1k".
func chance(v float64) string {
	if v >= 0.9995 {
		return quantity.ExactSI(v)
	}
	return "1 in " + quantity.ExactSI(math.Round(1/v))
}

// percent prints what fraction of operations is as fast, from -log10 of what is
// slower: 0 is none, 2 is 99 %.
func percent(nines float64) string {
	if nines == 0 {
		return "0"
	}
	return fmt.Sprintf("%s %%", strconv.FormatFloat(100-100*math.Pow(10, -nines), 'f', max(0, int(math.Ceil(nines))-2), 64))
}

// grid draws a faint rule at each labelled tick.
type grid struct{ x, y bool }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if g.x {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if t.Label != "" && t.Value >= p.X.Min && t.Value <= p.X.Max {
				c.StrokeLine2(solid(rule, 0.6), x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
			}
		}
	}
	if g.y {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if t.Label != "" && t.Value >= p.Y.Min && t.Value <= p.Y.Max {
				c.StrokeLine2(solid(rule, 0.6), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
			}
		}
	}
}

// horizontal and vertical draw an interval with caps.
func horizontalBar(c *draw.Canvas, style draw.LineStyle, x0, x1, y, cap vg.Length) {
	c.StrokeLine2(style, x0, y, x1, y)
	c.StrokeLine2(style, x0, y-cap, x0, y+cap)
	c.StrokeLine2(style, x1, y-cap, x1, y+cap)
}

func verticalBar(c *draw.Canvas, style draw.LineStyle, x, y0, y1, cap vg.Length) {
	c.StrokeLine2(style, x, y0, x, y1)
	c.StrokeLine2(style, x-cap, y0, x+cap, y0)
	c.StrokeLine2(style, x-cap, y1, x+cap, y1)
}

// engineAxis puts the engines on the Y axis, the first on top.
func engineAxis(p *plot.Plot, engines []string) {
	var t ticks
	for i, e := range engines {
		t = append(t, plot.Tick{Value: rowOf(i, len(engines)), Label: e})
	}
	p.Y.Tick.Marker = t
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(engines))-0.4
}

// rowOf is where the i-th of n rows lies.
func rowOf(i, n int) float64 { return float64(n - 1 - i) }
