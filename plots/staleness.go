package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// staleness draws how often each engine goes wrong.
func staleness(t theme, data []Odds) *Figure {
	f := &Figure{
		Name:  "staleness",
		Title: "Staleness by engine",
		Note: "Per exposure: a direct write during which somebody else tried to add an overlapping page. Whiskers are 95 % intervals. " +
			"An arrow means none seen in N exposures: its start is the 95 % bound 3/N, and the truth lies to its left. Left is better.",
		legend: []key{
			glyphKey("reads that saw stale data", circle, false, false),
			glyphKey("rounds that lost data", diamond, false, false),
			glyphKey("none seen (bound)", circle, true, true),
		},
	}
	for _, d := range data {
		f.panels = append(f.panels, stalenessPanel(t, d))
		f.panelHeight = max(f.panelHeight, 62+24*vg.Length(len(d.Rows)))
	}
	return f
}

func stalenessPanel(t theme, d Odds) *plot.Plot {
	p := newPanel(d.Label, "per exposure (log scale)", "")
	var engines []string
	var all []Chance
	for _, r := range d.Rows {
		engines = append(engines, r.Engine)
		all = append(all, r.Stale, r.Lost)
	}
	engineAxis(p, engines)
	chanceAxis(&p.X, all)
	p.Add(grid{x: true}, odds{t, d.Rows})
	return p
}

// chanceAxis is logarithmic, with room for the arrow of the lowest bound.
func chanceAxis(a *plot.Axis, all []Chance) {
	lo, hi := 0.1, 1.0
	for _, c := range all {
		if c.Note != "" {
			continue
		}
		low := c.Lo
		switch {
		case c.Bound:
			low = c.Hi
		case low <= 0: // one event in a few rounds: resampled, it may be missing
			low = c.x()
		}
		lo, hi = min(lo, max(low, 1e-12)), max(hi, c.Hi)
	}
	a.Scale = logFromMin{}
	a.Min = math.Pow(10, math.Floor(math.Log10(lo)-0.3))
	a.Max = hi * 1.5
	a.Tick.Marker = decades(a.Min, a.Max, chance)
}

// logFromMin is a logarithmic scale on which what is below its least value, zero
// included, stands at that: an interval that reaches zero ends at the frame.
type logFromMin struct{ plot.LogScale }

// Normalize implements plot.Normalizer.
func (s logFromMin) Normalize(lo, hi, x float64) float64 {
	return s.LogScale.Normalize(lo, hi, max(lo, x))
}

// odds is a plotter.
type odds struct {
	theme theme
	rows  []Odd
}

// Plot implements plot.Plotter.
func (o odds) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	apart := (ty(1) - ty(0)) * 0.2
	style := write(8.5, faint, false)
	style.YAlign = text.YCenter
	for i, r := range o.rows {
		y := ty(rowOf(i, len(o.rows)))
		if r.Stale.Note != "" {
			c.FillText(style, vg.Point{X: c.Min.X + 5, Y: y + 1}, r.Stale.Note)
			continue
		}
		ink := o.theme[r.Engine].color
		r.Stale.draw(&c, tx, y+apart, ink, circle)
		r.Lost.draw(&c, tx, y-apart, ink, diamond)
	}
}

// draw puts a chance on a line at y.
func (ch Chance) draw(c *draw.Canvas, tx func(float64) vg.Length, y vg.Length, ink color.Color, g glyph) {
	at := vg.Point{X: tx(ch.x()), Y: y}
	if ch.Bound {
		drawArrow(c, at, ink)
	} else {
		horizontalBar(c, solid(ink, 1.1), tx(ch.Lo), tx(ch.Hi), y, 2.5)
	}
	g.draw(c, at, 3.2, ink, ch.Bound)
}

// x is where a chance stands on an axis: a bound stands at its end.
func (ch Chance) x() float64 {
	if ch.Bound {
		return ch.Hi
	}
	return ch.Value
}
