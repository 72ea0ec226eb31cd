package plots

import (
	"image/color"
	"math"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Inks that belong to no engine.
var (
	ink   = rgb(0x222222)
	faint = rgb(0x666666)
	rule  = rgb(0xe2e2e2)
	paper = rgb(0xffffff)
)

// Colours of what is good, doubtful and bad, each light enough for ink on it.
var (
	fine  = rgb(0xcfe8dc)
	amiss = rgb(0xfbe3b3)
	wrong = rgb(0xf6c6b4)
	blank = rgb(0xf0f0f0)
)

// night gives the colours that belong to no engine on a dark ground.
var night = map[color.RGBA]color.RGBA{
	ink: rgb(0xe8e6e3), faint: rgb(0xa8a29e), rule: rgb(0x34373a), paper: rgb(0x16181a),
	fine: rgb(0x1d4a38), amiss: rgb(0x5a4310), wrong: rgb(0x6b2a18), blank: rgb(0x25282b),
}

// A look is how one engine is drawn in every picture. Glyph and dashes say
// the same as the colour, for print and for those who do not see it.
type look struct {
	color  color.RGBA
	dark   color.RGBA // the same on a dark ground
	glyph  glyph
	dashes []vg.Length
}

// looks are the colours of Okabe and Ito ("Color Universal Design", 2008),
// but yellow, which is lost on white; black is raw's, which is no rival.
var looks = []look{
	{rgb(0x111111), rgb(0xf4f4f4), circle, []vg.Length{1, 2}},
	{rgb(0x0072b2), rgb(0x3c8fd8), square, nil},
	{rgb(0x56b4e9), rgb(0x8ed2f8), diamond, []vg.Length{6, 2}},
	{rgb(0x009e73), rgb(0x12b488), up, []vg.Length{4, 2}},
	{rgb(0xe69f00), rgb(0xf2b134), down, []vg.Length{8, 3}},
	{rgb(0xd55e00), rgb(0xe8691a), pentagon, []vg.Length{3, 1.5}},
	{rgb(0xcc79a7), rgb(0xdb8fba), right, []vg.Length{6, 2, 1, 2}},
}

// spare are the looks of all other engines, in the order of others. They are not
// as far apart as those of looks, so that glyphs and dashes must help.
var spare = []look{
	{rgb(0x664d2e), rgb(0xa8895c), left, []vg.Length{5, 1, 1, 1}},
	{rgb(0x8a8a8a), rgb(0x9a9a9a), hexagon, []vg.Length{2, 1}},
	{rgb(0x332288), rgb(0x9c8ff2), star, []vg.Length{9, 2, 2, 2}},
	{rgb(0x999933), rgb(0xb9b94e), cross, []vg.Length{1, 1}},
	{rgb(0x117733), rgb(0x5fb878), hexagon, []vg.Length{7, 1, 1, 1}},
	{rgb(0x882255), rgb(0xc9588f), left, []vg.Length{4, 1, 4, 3}},
	{rgb(0x44aa99), rgb(0x66c9b8), star, []vg.Length{2, 2, 6, 2}},
	{rgb(0xaa3311), rgb(0xd4553a), cross, []vg.Length{10, 2}},
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}
}

// known are the engines whose look is fixed, so that pictures of different
// runs compare; others those whose look is a spare one.
var (
	known  = []string{"raw", "addlock", "addlock-vfs-extent", "invalidate-lock", "double-invalidate", "none", "addlock-nofdm"}
	others = []string{"kernel", "kernel-huge", "kernel-aio", "kernel-uring", "pin-first", "fault-in-and-retry", "fdm-hash", "invalidate-lock-wide"}
)

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
		if i := slices.Index(others, e); i >= 0 {
			t[e] = spare[i]
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
		f.Weight = xfont.WeightBold
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
