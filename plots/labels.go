package plots

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A labeller writes names beside points so that none covers another, nor a
// point. A name that finds no room is left to the legend.
type labeller struct {
	area  vg.Rectangle
	taken []vg.Rectangle
}

// avoid keeps names off a square around a point.
func (l *labeller) avoid(at vg.Point, half vg.Length) {
	l.taken = append(l.taken, box(at.X-half, at.Y-half, at.X+half, at.Y+half))
}

// Where a name may stand, from its point: beside it, or further up or down, and
// then tied to it by a line.
const (
	labelSize vg.Length = 8.5
	labelGap  vg.Length = 10
	labelStep vg.Length = 5.5
	labelTry            = 16 // steps up and down
)

// place finds room for a name beside its point.
func (l *labeller) place(name string, at vg.Point) (vg.Rectangle, bool) {
	width := write(labelSize, ink, false).Width(name)
	for _, dx := range []vg.Length{labelGap, labelGap + 12, -labelGap - arrowLength - width} {
		for i := range 2*labelTry + 1 {
			// 0, -1, 1, -2, 2, ...
			dy := labelStep * vg.Length((i+1)/2)
			if i%2 == 1 {
				dy = -dy
			}
			r := box(at.X+dx, at.Y+dy-5, at.X+dx+width, at.Y+dy+5)
			if l.free(r) {
				l.taken = append(l.taken, r)
				return r, true
			}
		}
	}
	return vg.Rectangle{}, false
}

func (l *labeller) free(r vg.Rectangle) bool {
	if r.Min.X < l.area.Min.X || r.Max.X > l.area.Max.X || r.Min.Y < l.area.Min.Y || r.Max.Y > l.area.Max.Y {
		return false
	}
	for _, t := range l.taken {
		if overlap(r, t) {
			return false
		}
	}
	return true
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

func box(x0, y0, x1, y1 vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}
}

// draw writes a name where place put it.
func (l *labeller) draw(c *draw.Canvas, name string, at vg.Point, r vg.Rectangle, ink color.Color) {
	near, middle := r.Min.X-1, (r.Min.Y+r.Max.Y)/2
	if r.Max.X < at.X {
		near = r.Max.X + 1
	}
	if d := middle - at.Y; d > labelStep || d < -labelStep {
		c.StrokeLine2(solid(ink, 0.7), at.X, at.Y, near, middle)
	}
	c.FillText(write(labelSize, faint, false), vg.Point{X: r.Min.X, Y: r.Min.Y + 1.5}, name)
}
