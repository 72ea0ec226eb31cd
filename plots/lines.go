package plots

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// Lines is what one panel of curves shows, a line per engine.
type Lines struct {
	Label  string
	X, Y   string // what is on the axes
	Curves []Line
}

// A Line is one engine.
type Line struct {
	Engine string
	Points []Point
}

// A Point is a figure, with its interval, at X. Bound means that nothing was
// seen: Y.Center is an upper bound. Note is what is wrong with it, or if None is
// set why there is no figure.
type Point struct {
	X     float64
	Y     Value
	Bound bool   `json:",omitempty"`
	Note  string `json:",omitempty"`
	None  bool   `json:",omitempty"`
}

// add puts a point on the line of an engine, which it makes if need be.
func (l *Lines) add(engine string, p Point) {
	i := slices.IndexFunc(l.Curves, func(c Line) bool { return c.Engine == engine })
	if i < 0 {
		i = len(l.Curves)
		l.Curves = append(l.Curves, Line{Engine: engine})
	}
	l.Curves[i].Points = append(l.Curves[i].Points, p)
}

// A scale is how an axis is laid out.
type scale struct {
	log   bool
	print func(float64) string
	// exact is set where the marks stand at the values that were measured.
	exact bool
	// zero, of a logarithmic axis, is set where zeros may occur: they stand at
	// its end then, which is marked as such.
	zero bool
	// highIsGood puts points without a figure at the lower edge.
	highIsGood bool
}

// Scales that are used more than once.
var (
	rateScale    = scale{print: quantity.ExactSI, highIsGood: true}
	logRateScale = scale{log: true, print: quantity.ExactSI, highIsGood: true}
	threadScale  = scale{log: true, exact: true, print: func(v float64) string { return strconv.Itoa(int(v)) }}
	blockScale   = scale{log: true, exact: true, print: func(v float64) string { return quantity.Bytes(int64(v)) }}
	timeScale    = scale{log: true, print: quantity.ExactDuration}
	waitScale    = scale{log: true, print: quantity.ExactDuration, zero: true}
	chanceScale  = scale{log: true, print: chance}
)

// panel draws lines in a theme.
func (l Lines) panel(t theme, x, y scale) *plot.Plot {
	p := newPanel(l.Label, l.X+x.suffix(), l.Y+y.suffix())
	var xs, ys []float64
	for _, c := range l.Curves {
		for _, pt := range c.Points {
			xs = append(xs, pt.X)
			if !pt.None {
				ys = append(ys, pt.Y.Lo, pt.Y.Center, pt.Y.Hi)
			}
		}
	}
	x.lay(&p.X, xs, 0.06)
	y.lay(&p.Y, ys, 0)
	if y.log {
		upright(&p.Y)
	}
	p.Add(grid{x: x.log && !x.exact, y: true}, curves{t, l.Curves, y})
	return p
}

func (s scale) suffix() string {
	if s.log {
		return " (log scale)"
	}
	return ""
}

// lay makes an axis for values; spare is the part of its length that is kept
// free at either end, so that no glyph is cut.
func (s scale) lay(a *plot.Axis, values []float64, spare float64) {
	if !s.log && s.exact {
		lo, hi := slices.Min(values), slices.Max(values)
		a.Min, a.Max = lo-(hi-lo)*spare, hi+(hi-lo)*spare
		a.Tick.Marker = marksAt(values, s.print)
		return
	}
	if !s.log {
		a.Min = 0
		a.Tick.Marker, a.Max = linear(slices.Max(append(values, 0)), 6, s.print)
		return
	}
	positive := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v <= 0 })
	zeros := len(positive) < len(values)
	if len(positive) == 0 {
		positive = []float64{1}
	}
	lo, hi := slices.Min(positive), slices.Max(positive)
	a.Scale = logFromMin{}
	if s.exact {
		room := math.Pow(hi/lo, spare) * 1.1
		a.Min, a.Max = lo/room, hi*room
		a.Tick.Marker = marksAt(positive, s.print)
		return
	}
	room := math.Pow(hi/lo, max(spare, 0.03)) * 1.15
	a.Min, a.Max = lo/room, hi*room
	if s.zero && zeros {
		a.Min = math.Pow(10, math.Floor(math.Log10(a.Min))) / 3
		a.Tick.Marker = append(ticks{{Value: a.Min, Label: "0"}}, decades(a.Min*3, a.Max, s.print)...)
		return
	}
	a.Tick.Marker = decades(a.Min, a.Max, s.print)
}

// marksAt marks the values, each once; of many, only some have a label.
func marksAt(values []float64, print func(float64) string) ticks {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	every := (len(values) + 7) / 8
	var t ticks
	for i, v := range values {
		tick := plot.Tick{Value: v}
		if i%every == 0 {
			tick.Label = print(v)
		}
		t = append(t, tick)
	}
	return t
}

// curves is a plotter.
type curves struct {
	theme theme
	lines []Line
	y     scale
}

// A veil is a colour that lets most of what is below shine through. It rounds
// up, so that an SVG, which rounds down, has the colour itself again, and with it
// the one for dark screens.
type veil color.RGBA

// RGBA implements color.Color.
func (v veil) RGBA() (r, g, b, a uint32) {
	const cover = 38 * 0x101 // of 0xffff
	part := func(c uint8) uint32 { return min(uint32(c)*cover/0xff+1, cover) }
	return part(v.R), part(v.G), part(v.B), cover
}

// Plot implements plot.Plotter. Bands go first, so that they hide no line.
func (cs curves) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	at := func(x, y float64) vg.Point {
		if cs.y.log {
			y = math.Log10(y)
		}
		return vg.Point{X: tx(x), Y: ty(min(max(y, p.Y.Min), p.Y.Max))}
	}
	for _, l := range cs.lines {
		for _, run := range l.runs() {
			cs.band(&c, cs.theme[l.Engine].color, run, at)
		}
	}
	missing := make(map[float64]int)
	for _, l := range cs.lines {
		look := cs.theme[l.Engine]
		for _, run := range l.runs() {
			var path []vg.Point
			for _, pt := range run {
				path = append(path, at(pt.X, pt.Y.Center))
			}
			c.StrokeLines(look.line(1.4), path)
		}
		said := ""
		for _, pt := range l.Points {
			note := pt.Note
			if note == said { // once is enough for neighbours
				note = ""
			}
			said = pt.Note
			if pt.None {
				cs.lack(&c, look, note, tx(pt.X), missing[pt.X])
				missing[pt.X]++
				continue
			}
			drawPoint(&c, look, pt.Bound, note, at(pt.X, pt.Y.Center))
		}
	}
}

// runs are the stretches of a line without a gap: a point without a figure, or
// a mere bound, interrupts it.
func (l Line) runs() [][]Point {
	var all [][]Point
	open := false
	for _, pt := range l.Points {
		if pt.None || pt.Bound {
			open = false
			continue
		}
		if !open {
			all, open = append(all, nil), true
		}
		all[len(all)-1] = append(all[len(all)-1], pt)
	}
	return all
}

// band fills the intervals of a stretch; those of a lone point are a bar.
func (cs curves) band(c *draw.Canvas, ink color.RGBA, run []Point, at func(x, y float64) vg.Point) {
	var upper, lower []vg.Point
	for _, pt := range run {
		if !pt.Y.Interval {
			continue
		}
		upper = append(upper, at(pt.X, pt.Y.Hi))
		lower = append(lower, at(pt.X, pt.Y.Lo))
	}
	if len(upper) == 1 {
		verticalBar(c, solid(ink, 0.9), upper[0].X, lower[0].Y, upper[0].Y, 2)
		return
	}
	if len(upper) == 0 {
		return
	}
	slices.Reverse(lower)
	c.FillPolygon(veil(ink), append(upper, lower...))
}

// lack draws what stands for a missing figure: a hollow glyph with the reason,
// at the bad edge, beside those of other engines.
func (cs curves) lack(c *draw.Canvas, l look, note string, x vg.Length, before int) {
	const line = 9
	at := vg.Point{X: x, Y: c.Max.Y - 5 - line*vg.Length(before)}
	if cs.y.highIsGood {
		at.Y = c.Min.Y + 5 + line*vg.Length(before)
	}
	l.glyph.draw(c, at, 2.6, l.color, true)
	style := write(6.5, faint, false)
	side := vg.Length(5)
	if width := style.Width(note); at.X+side+width > c.Max.X {
		side = -5 - width
	}
	c.FillText(style, at.Add(vg.Point{X: side, Y: -3.5}), note)
}

// drawPoint draws one figure: hollow, with an arrow down, if it is a bound.
func drawPoint(c *draw.Canvas, l look, bound bool, note string, at vg.Point) {
	if bound {
		tip := at.Y - arrowLength*0.7
		c.StrokeLine2(solid(l.color, 1), at.X, at.Y, at.X, tip)
		c.StrokeLines(solid(l.color, 1), []vg.Point{{X: at.X - 2.2, Y: tip + 3}, {X: at.X, Y: tip}, {X: at.X + 2.2, Y: tip + 3}})
	}
	l.glyph.draw(c, at, 2.8, l.color, bound)
	if note != "" {
		c.FillText(write(6.5, faint, false), at.Add(vg.Point{X: 4, Y: 4}), note)
	}
}

// lineFigure is a picture of panels of lines.
func lineFigure(t theme, engines []string, f Figure, data []Lines, x, y scale) *Figure {
	for _, d := range data {
		f.panels = append(f.panels, d.panel(t, x, y))
	}
	if f.panelHeight == 0 {
		f.panelHeight = 225
	}
	f.legend = engineKeys(t, only(engines, enginesOf(data)), true)
	return &f
}
