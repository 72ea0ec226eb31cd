package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// throughput draws rates as bars from zero.
func throughput(t theme, data []Bars) *Figure {
	f := &Figure{
		Name:  "throughput",
		Title: "Throughput by engine and workload",
		Note: "Median over the repetitions; the whisker is its 95 % interval (order statistics), missing below six repetitions. " +
			"raw has neither cache nor lock and is the ceiling.",
	}
	for _, d := range data {
		f.panels = append(f.panels, throughputPanel(t, d))
		f.panelHeight = max(f.panelHeight, 62+18*vg.Length(len(d.Rows)))
	}
	return f
}

func throughputPanel(t theme, d Bars) *plot.Plot {
	p := newPanel(d.Label, d.Class+" operations per second", "")
	var engines []string
	top := 0.0
	for _, r := range d.Rows {
		engines = append(engines, r.Engine)
		top = max(top, r.Rate.Hi)
	}
	engineAxis(p, engines)
	marks, end := linear(top, 5, quantity.ExactSI)
	p.X.Tick.Marker = marks
	p.X.Min, p.X.Max = 0, end*1.22 // room for the figures
	p.Add(grid{x: true}, bars{t, d.Rows})
	return p
}

// bars is a plotter.
type bars struct {
	theme theme
	rows  []Bar
}

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	half := (ty(1) - ty(0)) * 0.34
	style := write(8.5, ink, false)
	style.YAlign = text.YCenter
	for i, r := range b.rows {
		y := ty(rowOf(i, len(b.rows)))
		if r.Rate.Center == 0 {
			style.Color = faint
			c.FillText(style, vg.Point{X: tx(0) + 5, Y: y + 1}, r.Note)
			continue
		}
		x0, x1 := tx(0), tx(r.Rate.Center)
		c.FillPolygon(b.theme[r.Engine].color, []vg.Point{{X: x0, Y: y - half}, {X: x1, Y: y - half}, {X: x1, Y: y + half}, {X: x0, Y: y + half}})
		if r.Rate.Interval {
			// A white edge keeps the whisker visible on a black bar.
			horizontalBar(&c, solid(paper, 2.6), tx(r.Rate.Lo), tx(r.Rate.Hi), y, 3)
			horizontalBar(&c, solid(ink, 1.1), tx(r.Rate.Lo), tx(r.Rate.Hi), y, 3)
		}
		label := quantity.SI(r.Rate.Center)
		if r.Note != "" {
			label += ", " + r.Note
		}
		style.Color = ink
		c.FillText(style, vg.Point{X: max(x1, tx(r.Rate.Hi)) + 5, Y: y + 1}, label)
	}
}
