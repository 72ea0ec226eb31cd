package plots

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// SVG renders the figure. Where Liberation Sans is missing, fonts of the same
// widths take its place, and any other is fitted to these. On a screen that is set to dark it is dark, alone and
// inside a page.
func (f *Figure) SVG() ([]byte, error) {
	canvas := vgsvg.New(figureWidth, f.height())
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	svg := bytes.ReplaceAll(fitted(b.Bytes()), []byte("font-family:Liberation Sans"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif"))
	return dressed(svg, nightStyle(), f.Title), nil
}

// textElement is a text as vgsvg writes it: its attributes, the weight and the
// size of its font, and what it says.
var textElement = regexp.MustCompile(`<text ([^>]*font-weight:(\w+);[^>]*font-size:([0-9.]+)px[^>]*)>([^<]*)</text>`)

// fitted gives each text the width that it has in Liberation Sans, for which the
// figure was laid out: a wider font would be cut at the edge, or run into what
// stands beside.
func fitted(svg []byte) []byte {
	return textElement.ReplaceAllFunc(svg, func(element []byte) []byte {
		m := textElement.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(m[3]), 64)
		words := html.UnescapeString(string(m[4]))
		if err != nil || strings.TrimSpace(words) == "" {
			return element
		}
		width := write(vg.Length(size), ink, string(m[2]) == "bold").Width(words)
		return fmt.Appendf(nil, `<text textLength="%.2f" lengthAdjust="spacingAndGlyphs" %s>%s</text>`, width.Points(), m[1], m[4])
	})
}

// plotClass marks the pictures, so that their style reaches nothing else in a
// page.
const plotClass = "cohbench-plot"

// dressed gives the root of an SVG its class, and puts a title and a style
// below it.
func dressed(svg []byte, style, title string) []byte {
	svg = bytes.Replace(svg, []byte("<svg "), []byte(`<svg class="`+plotClass+`" role="img" `), 1)
	root := bytes.Index(svg, []byte("<svg "))
	end := root + bytes.IndexByte(svg[root:], '>') + 1
	head := fmt.Sprintf("\n<title>%s</title>\n<style>%s</style>", title, style)
	return slices.Concat(svg[:end], []byte(head), svg[end:])
}

// nightStyle replaces each colour of the theme on dark screens. The colours are
// in style attributes, which a rule overrides if it is important: so programs
// that know no media queries show the light ones.
func nightStyle() string {
	var b strings.Builder
	b.WriteString("@media screen and (prefers-color-scheme:dark){")
	for _, pair := range nightColors() {
		for _, property := range []string{"fill", "stroke"} {
			fmt.Fprintf(&b, `.%s [style*="%s:%s"]{%s:%s!important}`, plotClass, property, hex(pair[0]), property, hex(pair[1]))
		}
	}
	b.WriteString("}")
	return b.String()
}

// nightColors is each colour of the theme with its dark twin, in a fixed order.
func nightColors() [][2]color.RGBA {
	var pairs [][2]color.RGBA
	for light, dark := range night {
		pairs = append(pairs, [2]color.RGBA{light, dark})
	}
	slices.SortFunc(pairs, func(a, b [2]color.RGBA) int { return strings.Compare(hex(a[0]), hex(b[0])) })
	for _, l := range slices.Concat(looks, spare) {
		pairs = append(pairs, [2]color.RGBA{l.color, l.dark})
	}
	return pairs
}

// hex is a colour as vgsvg writes it.
func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
