package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A Figure is one picture: a title, how to read it, a legend in a strip of
// its own, and panels.
type Figure struct {
	Name  string // of the file, without its extension
	Title string
	Note  string // how to read it

	// Caption says where and how the data was measured, one paragraph each.
	Caption []string
	// Warnings stand in a banner above the panels: what must be known before
	// the picture is believed.
	Warnings []string

	groups      []string
	legend      []key
	panels      []*plot.Plot
	panelHeight vg.Length
	wide        bool // one panel to a row
}

// A key is one entry of a legend.
type key struct {
	name string
	draw func(c *draw.Canvas, at vg.Point) // in a box keyWidth wide, centred on at
}

// Measures of the layout, in points.
const (
	figureWidth vg.Length = 720
	margin      vg.Length = 12
	titleSize   vg.Length = 14
	noteSize    vg.Length = 9.5
	lineHeight  vg.Length = 13
	keyWidth    vg.Length = 26
	keyHeight   vg.Length = 16
	gap         vg.Length = 18
	captionSize vg.Length = 7.5
	captionLine vg.Length = 10.5
)

// PNG renders the figure at the given dots per inch.
func (f *Figure) PNG(dpi int) ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(figureWidth, f.height()), vgimg.UseDPI(dpi))
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	return b.Bytes(), nil
}

// Groups names what the figure shows, as the panels do: the groups of a run, or
// what several of them have in common.
func (f *Figure) Groups() []string { return f.groups }

func (f *Figure) columns() int {
	if f.wide {
		return 1
	}
	return min(len(f.panels), 2)
}

func (f *Figure) rows() int { return (len(f.panels) + f.columns() - 1) / f.columns() }

// tileWidth is that of a panel in a full row.
func (f *Figure) tileWidth() vg.Length {
	cols := vg.Length(f.columns())
	return (figureWidth - 2*margin - gap*(cols-1)) / cols
}

// titleLine is what a further line of a panel's title takes.
const titleLine vg.Length = 12

// rowHeight has room for the longest title, which breakTitles breaks.
func (f *Figure) rowHeight() vg.Length {
	lines := 1
	for _, p := range f.panels {
		lines = max(lines, len(wrap(p.Title.Text, p.Title.TextStyle, f.tileWidth())))
	}
	return f.panelHeight + titleLine*vg.Length(lines-1)
}

// breakTitles breaks the titles of panels to the width of these.
func (f *Figure) breakTitles() {
	for _, p := range f.panels {
		p.Title.Text = strings.Join(wrap(p.Title.Text, p.Title.TextStyle, f.tileWidth()), "\n")
	}
}

func (f *Figure) noteLines() []string {
	return wrap(f.Note, write(noteSize, faint, false), figureWidth-2*margin)
}

// captionLines breaks the caption; a paragraph that is very long is cut.
func (f *Figure) captionLines() []string {
	const most = 3
	var lines []string
	for _, p := range f.Caption {
		part := wrap(p, write(captionSize, faint, false), figureWidth-2*margin)
		if len(part) > most {
			part = part[:most]
			part[most-1] += " ..."
		}
		lines = append(lines, part...)
	}
	return lines
}

func (f *Figure) warningLines() []string {
	var lines []string
	for _, w := range f.Warnings {
		lines = append(lines, wrap(w, write(noteSize, ink, false), figureWidth-2*margin-16)...)
	}
	return lines
}

// bannerHeight is that of the warnings with their frame.
func (f *Figure) bannerHeight() vg.Length {
	n := len(f.warningLines())
	if n == 0 {
		return 0
	}
	return lineHeight*vg.Length(n) + 14
}

func (f *Figure) height() vg.Length {
	head := titleSize + 8 + lineHeight*vg.Length(len(f.noteLines())) + keyHeight*vg.Length(len(f.legendRows())) + 14 + f.bannerHeight()
	foot := vg.Length(0)
	if n := len(f.captionLines()); n > 0 {
		foot = 8 + captionLine*vg.Length(n)
	}
	return 2*margin + head + vg.Length(f.rows())*f.rowHeight() + vg.Length(f.rows()-1)*gap + foot
}

func (f *Figure) draw(c draw.Canvas) {
	c.FillPolygon(paper, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	c = draw.Crop(c, margin, -margin, margin, -margin)
	y := c.Max.Y - titleSize
	c.FillText(write(titleSize, ink, true), vg.Point{X: c.Min.X, Y: y}, f.Title)
	y -= 8
	for _, line := range f.noteLines() {
		y -= lineHeight
		c.FillText(write(noteSize, faint, false), vg.Point{X: c.Min.X, Y: y + 3}, line)
	}
	y = f.drawBanner(c, y)
	y = f.drawLegend(c, y-4)
	c.Min.Y = f.drawCaption(c)
	c.Max.Y = y - 10
	f.drawPanels(c)
}

// drawBanner draws the warnings below y, and returns where they end.
func (f *Figure) drawBanner(c draw.Canvas, y vg.Length) vg.Length {
	lines := f.warningLines()
	if len(lines) == 0 {
		return y
	}
	top, bottom := y-4, y-f.bannerHeight()+2
	c.FillPolygon(amiss, []vg.Point{{X: c.Min.X, Y: bottom}, {X: c.Max.X, Y: bottom}, {X: c.Max.X, Y: top}, {X: c.Min.X, Y: top}})
	for i, line := range lines {
		c.FillText(write(noteSize, ink, false), vg.Point{X: c.Min.X + 8, Y: top - 4 - lineHeight*vg.Length(i+1) + 4}, line)
	}
	return bottom - 2
}

// drawCaption draws it at the foot, and returns where the panels may begin.
func (f *Figure) drawCaption(c draw.Canvas) vg.Length {
	lines := f.captionLines()
	if len(lines) == 0 {
		return c.Min.Y
	}
	for i, line := range lines {
		y := c.Min.Y + captionLine*vg.Length(len(lines)-1-i)
		c.FillText(write(captionSize, faint, false), vg.Point{X: c.Min.X, Y: y}, line)
	}
	return c.Min.Y + captionLine*vg.Length(len(lines)) + 8
}

// drawPanels puts the panels into rows. One that is left for the last row has it
// to itself, for a quarter without a picture looks like one that is missing.
func (f *Figure) drawPanels(c draw.Canvas) {
	f.breakTitles()
	rows, cols := f.rows(), f.columns()
	grid := make([][]*plot.Plot, rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, cols)
		copy(grid[i], f.panels[i*cols:min((i+1)*cols, len(f.panels))])
	}
	tiles := draw.Tiles{Rows: rows, Cols: cols, PadX: gap, PadY: gap}
	for i, row := range plot.Align(grid, tiles, c) {
		for j, tile := range row {
			switch {
			case grid[i][j] == nil:
			case j+1 < cols && grid[i][j+1] == nil:
				tile.Max.X = c.Max.X
				grid[i][j].Draw(tile)
			default:
				grid[i][j].Draw(tile)
			}
		}
	}
}

// legendRows breaks the legend into rows which fit the width.
func (f *Figure) legendRows() [][]key {
	var rows [][]key
	var used vg.Length
	for _, k := range f.legend {
		w := k.width()
		if len(rows) == 0 || used+w > figureWidth-2*margin {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
		used += w
	}
	return rows
}

func (k key) width() vg.Length {
	return keyWidth + write(noteSize, ink, false).Width(k.name) + 22
}

// drawLegend draws the rows below y, and returns where they end.
func (f *Figure) drawLegend(c draw.Canvas, y vg.Length) vg.Length {
	style := write(noteSize, ink, false)
	style.YAlign = text.YCenter
	for _, row := range f.legendRows() {
		y -= keyHeight
		x := c.Min.X
		for _, k := range row {
			k.draw(&c, vg.Point{X: x + keyWidth/2, Y: y + keyHeight/2})
			c.FillText(style, vg.Point{X: x + keyWidth + 5, Y: y + keyHeight/2 + 1}, k.name)
			x += k.width()
		}
	}
	return y
}

// engineKeys is a legend of engines: with lines, or with glyphs alone.
func engineKeys(t theme, engines []string, lines bool) []key {
	var keys []key
	for _, e := range engines {
		l := t[e]
		keys = append(keys, key{e, func(c *draw.Canvas, at vg.Point) {
			if lines {
				c.StrokeLine2(l.line(1.6), at.X-keyWidth/2, at.Y, at.X+keyWidth/2, at.Y)
			}
			l.glyph.draw(c, at, 3.4, l.color, false)
		}})
	}
	return keys
}

// glyphKey is an entry for what a shape means, whatever its colour.
func glyphKey(name string, g glyph, hollow bool, arrow bool) key {
	return key{name, func(c *draw.Canvas, at vg.Point) {
		if arrow {
			drawArrow(c, at, faint)
		}
		g.draw(c, at, 3.4, faint, hollow)
	}}
}

// arrowLength is that of the arrow of a bound, in points.
const arrowLength vg.Length = 13

// drawArrow points from at to the left: the truth lies there.
func drawArrow(c *draw.Canvas, at vg.Point, ink color.Color) {
	tip := at.X - arrowLength
	c.StrokeLine2(solid(ink, 1.2), at.X, at.Y, tip, at.Y)
	c.StrokeLines(solid(ink, 1.2), []vg.Point{{X: tip + 3.5, Y: at.Y + 2.8}, {X: tip, Y: at.Y}, {X: tip + 3.5, Y: at.Y - 2.8}})
}

// wrap breaks s into lines no wider than width.
func wrap(s string, style text.Style, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range breakable(s, style, width) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && style.Width(longer) > width {
			lines, longer = append(lines, line), word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakable is the words of s; one that is too wide, as a list of settings may be,
// is cut behind its commas.
func breakable(s string, style text.Style, width vg.Length) []string {
	var words []string
	for _, word := range strings.Fields(s) {
		if style.Width(word) <= width {
			words = append(words, word)
			continue
		}
		words = append(words, strings.SplitAfter(word, ",")...)
	}
	return words
}
