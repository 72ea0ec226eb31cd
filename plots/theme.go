package plots

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Inks that belong to no engine.
var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faint = color.RGBA{0x66, 0x66, 0x66, 0xff}
	rule  = color.RGBA{0xe2, 0xe2, 0xe2, 0xff}
	paper = color.RGBA{0xff, 0xff, 0xff, 0xff}
)

// A look is how one engine is drawn in every picture. Glyph and dashes say
// the same as the colour, for print and for those who do not see it.
type look struct {
	color  color.RGBA
	glyph  glyph
	dashes []vg.Length
}

// looks are the colours of Okabe and Ito ("Color Universal Design", 2008),
// but yellow, which is lost on white; black is raw's, which is no rival.
var looks = []look{
	{color.RGBA{0x00, 0x00, 0x00, 0xff}, circle, []vg.Length{1, 2}},
	{color.RGBA{0x00, 0x72, 0xb2, 0xff}, square, nil},
	{color.RGBA{0x56, 0xb4, 0xe9, 0xff}, diamond, []vg.Length{6, 2}},
	{color.RGBA{0x00, 0x9e, 0x73, 0xff}, up, []vg.Length{4, 2}},
	{color.RGBA{0xe6, 0x9f, 0x00, 0xff}, down, []vg.Length{8, 3}},
	{color.RGBA{0xd5, 0x5e, 0x00, 0xff}, pentagon, []vg.Length{3, 1.5}},
	{color.RGBA{0xcc, 0x79, 0xa7, 0xff}, right, []vg.Length{6, 2, 1, 2}},
}

// spare are the looks of engines that have none of their own, in greys and
// browns which stay apart from the others by lightness.
var spare = []look{
	{color.RGBA{0x66, 0x4d, 0x2e, 0xff}, left, []vg.Length{5, 1, 1, 1}},
	{color.RGBA{0x8a, 0x8a, 0x8a, 0xff}, hexagon, []vg.Length{2, 1}},
	{color.RGBA{0x33, 0x22, 0x88, 0xff}, star, []vg.Length{9, 2, 2, 2}},
	{color.RGBA{0x99, 0x99, 0x33, 0xff}, cross, []vg.Length{1, 1}},
}

// known are the engines whose look is fixed, so that pictures of different
// runs compare.
var known = []string{"raw", "addlock", "addlock-vfs-extent", "invalidate-lock", "double-invalidate", "none", "addlock-nofdm"}

// A theme gives the engines of one run their looks.
type theme map[string]look

// newTheme takes the engines in display order.
func newTheme(engines []string) theme {
	t := make(theme)
	next := 0
	for _, e := range engines {
		if _, ok := t[e]; ok {
			continue
		}
		if i := slices.Index(known, e); i >= 0 {
			t[e] = looks[i]
			continue
		}
		t[e] = spare[next%len(spare)]
		next++
	}
	return t
}

// line is the stroke of an engine's line.
func (l look) line(width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: l.color, Width: width, Dashes: l.dashes}
}

// solid is a stroke without dashes.
func solid(c color.Color, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width}
}

// A glyph is a polygon around the origin, of radius 1.
type glyph []vg.Point

var (
	circle   = regular(24, 0)
	square   = scaled(regular(4, math.Pi/4), 1.1)
	diamond  = scaled(regular(4, 0), 1.2)
	up       = scaled(regular(3, math.Pi/2), 1.25)
	down     = scaled(regular(3, -math.Pi/2), 1.25)
	right    = scaled(regular(3, 0), 1.25)
	left     = scaled(regular(3, math.Pi), 1.25)
	pentagon = scaled(regular(5, math.Pi/2), 1.1)
	hexagon  = scaled(regular(6, 0), 1.1)
	star     = spiky(5, 0.45)
	cross    = spiky(4, 0.35)
)

func regular(n int, start float64) glyph {
	var g glyph
	for i := range n {
		s, c := math.Sincos(start + 2*math.Pi*float64(i)/float64(n))
		g = append(g, vg.Point{X: vg.Length(c), Y: vg.Length(s)})
	}
	return g
}

func scaled(g glyph, by vg.Length) glyph {
	for i := range g {
		g[i] = g[i].Scale(by)
	}
	return g
}

// spiky is a star whose inner corners lie at the given radius.
func spiky(n int, inner vg.Length) glyph {
	g := scaled(regular(2*n, math.Pi/2), 1.3)
	for i := 1; i < len(g); i += 2 {
		g[i] = g[i].Scale(inner)
	}
	return g
}

// draw paints a glyph; hollow ones mark bounds.
func (g glyph) draw(c *draw.Canvas, at vg.Point, radius vg.Length, ink color.Color, hollow bool) {
	points := make([]vg.Point, len(g), len(g)+1)
	for i, p := range g {
		points[i] = at.Add(p.Scale(radius))
	}
	fill := ink
	if hollow {
		fill = paper
	}
	c.FillPolygon(fill, points)
	points = append(points, points[0])
	c.StrokeLines(solid(ink, 1.2), points)
}

// write is the style of text. Liberation Sans has the widths of Arial and
// Helvetica, so that an SVG keeps its layout without it.
func write(size vg.Length, ink color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = 3 // font.WeightBold of x/image
	}
	return text.Style{Color: ink, Font: f, XAlign: text.XLeft, YAlign: text.YBottom, Handler: plot.DefaultTextHandler}
}

// newPanel is an empty plot in the theme.
func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	p.Title.Text = title
	p.Title.TextStyle = write(10, ink, true)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = text.XCenter, text.YTop
	p.Title.Padding = 5
	dress(&p.X, x)
	dress(&p.Y, y)
	return p
}

func dress(a *plot.Axis, label string) {
	a.Label.Text = label
	a.Label.Padding = 3
	a.Label.TextStyle.Font = write(9, faint, false).Font
	a.Label.TextStyle.Color = faint
	a.Tick.Label.Font = write(8.5, ink, false).Font
	a.Tick.Label.Color = ink
	a.LineStyle = solid(faint, 0.5)
	a.Tick.LineStyle = solid(faint, 0.5)
	a.Tick.Length = 4
	a.Padding = 0
}
