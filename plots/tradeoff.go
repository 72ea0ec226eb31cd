package plots

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// tradeoff draws what each engine pays for what it gets.
func tradeoff(t theme, engines []string, data []Tradeoff) *Figure {
	f := &Figure{
		Name:  "tradeoff",
		Title: "Throughput against staleness",
		Note: "Better is up and to the left. Filled: stale reads per exposure, with 95 % intervals. Hollow with an arrow: none seen in N exposures, " +
			"drawn at the 95 % bound 3/N; the truth lies to the left of it.",
		panelHeight: 250,
	}
	shown := make(map[string]bool)
	for _, d := range data {
		f.panels = append(f.panels, tradeoffPanel(t, d))
		for _, p := range d.Points {
			shown[p.Engine] = true
		}
	}
	f.legend = engineKeys(t, only(engines, shown), false)
	return f
}

// only keeps the engines which a figure shows.
func only(engines []string, shown map[string]bool) []string {
	var kept []string
	for _, e := range engines {
		if shown[e] {
			kept = append(kept, e)
		}
	}
	return kept
}

func tradeoffPanel(t theme, d Tradeoff) *plot.Plot {
	label := d.Class + " operations per second"
	if d.Relative {
		label = d.Class + " rate relative to raw"
	}
	p := newPanel(d.Label, "stale reads per exposure (log scale)", label+tradeScale.suffix())
	var rates []float64
	if d.Relative {
		rates = append(rates, 1)
	}
	var all []Chance
	for _, pt := range d.Points {
		rates = append(rates, pt.Rate.Lo, pt.Rate.Center, pt.Rate.Hi)
		all = append(all, pt.Stale)
	}
	tradeScale.lay(&p.Y, spread(rates), 0.06)
	upright(&p.Y)
	chanceAxis(&p.X, all)
	p.Add(grid{x: true, y: true}, exchange{t, d})
	return p
}

// tradeScale is that of rates: a zero, which no logarithm has, stands at its end.
var tradeScale = scale{log: true, print: quantity.ExactSI, zero: true}

// spread adds to values that lie close together two that do not, so that an axis
// has room for several marks, and does not make a noise of a few per cent look
// like a difference.
func spread(values []float64) []float64 {
	positive := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v <= 0 })
	if len(positive) == 0 {
		return values
	}
	lo, hi := slices.Min(positive), slices.Max(positive)
	if hi/lo >= 3 {
		return values
	}
	middle := math.Sqrt(lo * hi)
	return append(values, middle/2, middle*2)
}

// exchange is a plotter.
type exchange struct {
	theme theme
	data  Tradeoff
}

// Plot implements plot.Plotter.
func (e exchange) Plot(c draw.Canvas, p *plot.Plot) {
	tx, linear := p.Transforms(&c)
	ty := func(v float64) vg.Length { return linear(max(math.Log10(v), p.Y.Min)) }
	if e.data.Relative {
		c.StrokeLine2(e.theme["raw"].line(1), c.Min.X, ty(1), c.Max.X, ty(1))
	}
	// Intervals first, so that no glyph is struck through.
	for _, pt := range e.data.Points {
		ink := e.theme[pt.Engine].color
		x := tx(pt.Stale.x())
		if pt.Rate.Interval {
			verticalBar(&c, solid(ink, 1), x, ty(pt.Rate.Lo), ty(pt.Rate.Hi), 2.5)
		}
		if pt.Stale.Bound {
			drawArrow(&c, vg.Point{X: x, Y: ty(pt.Rate.Center)}, ink)
		} else {
			horizontalBar(&c, solid(ink, 1), tx(pt.Stale.Lo), tx(pt.Stale.Hi), ty(pt.Rate.Center), 2.5)
		}
	}
	e.name(&c, tx, ty)
	for _, pt := range e.data.Points {
		l := e.theme[pt.Engine]
		l.glyph.draw(&c, vg.Point{X: tx(pt.Stale.x()), Y: ty(pt.Rate.Center)}, 4.2, l.color, pt.Stale.Bound)
	}
}

// name writes the names beside the points, and raw at its line.
func (e exchange) name(c *draw.Canvas, tx, ty func(float64) vg.Length) {
	l := labeller{area: c.Rectangle}
	for _, pt := range e.data.Points {
		at := vg.Point{X: tx(pt.Stale.x()), Y: ty(pt.Rate.Center)}
		l.avoid(at, 5.5)
		l.taken = append(l.taken, box(at.X-2, ty(pt.Rate.Lo), at.X+2, ty(pt.Rate.Hi)))
		if !pt.Stale.Bound {
			l.taken = append(l.taken, box(tx(pt.Stale.Lo)-2, at.Y-2, tx(pt.Stale.Hi)+2, at.Y+2))
		}
	}
	if len(e.data.Omitted) > 0 {
		text := "not shown: " + strings.Join(e.data.Omitted, ", ")
		r := box(c.Min.X+5, c.Min.Y+4, c.Min.X+5+write(labelSize, faint, false).Width(text), c.Min.Y+14)
		l.taken = append(l.taken, r)
		c.FillText(write(labelSize, ink, false), r.Min, text)
	}
	if e.data.Relative {
		r := box(c.Max.X-20, ty(1)+1, c.Max.X, ty(1)+11)
		l.taken = append(l.taken, r, box(c.Min.X, ty(1)-1, c.Max.X, ty(1)+1))
		c.FillText(write(labelSize, faint, false), r.Min, "raw")
	}
	for _, pt := range e.data.Points {
		at := vg.Point{X: tx(pt.Stale.x()), Y: ty(pt.Rate.Center)}
		if r, ok := l.place(pt.Engine, at); ok {
			l.draw(c, pt.Engine, at, r, e.theme[pt.Engine].color)
		}
	}
}
