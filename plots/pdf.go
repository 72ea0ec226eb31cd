package plots

import (
	"bytes"
	"fmt"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
)

// PDF renders the figure as one page with its fonts in it.
func (f *Figure) PDF() ([]byte, error) {
	canvas := vgpdf.New(figureWidth, f.height())
	f.draw(draw.New(western{canvas}))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	return b.Bytes(), nil
}

// western hands text to a PDF in the encoding of its fonts, cp1252, which
// agrees with Unicode from U+00A0 to U+00FF. vgpdf leaves that to its caller.
type western struct{ *vgpdf.Canvas }

// FillString implements vg.Canvas. vgpdf cannot hold two fonts at a time, for
// it gives their files one name; what is bold is the regular font, struck twice.
func (w western) FillString(f font.Face, at vg.Point, s string) {
	s = encodeWestern(s)
	if f.Font.Weight == xfont.WeightBold {
		f = plot.DefaultTextHandler.Cache().Lookup(write(f.Font.Size, ink, false).Font, f.Font.Size)
		w.Canvas.FillString(f, at.Add(vg.Point{X: f.Font.Size / 30}), s)
	}
	w.Canvas.FillString(f, at, s)
}

// encodeWestern replaces what the encoding lacks by a question mark.
func encodeWestern(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r >= 0x80 && r < 0xa0 || r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(b)
}
