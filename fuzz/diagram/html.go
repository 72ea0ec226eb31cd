package diagram

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// The measures of the picture, in pixels.
const (
	lineHeight = 15
	charWidth  = 7
	laneGap    = 24
	topMargin  = 44
	stepWidth  = 48
)

// HTML draws a page with the run as one picture: a lane for each task, with a
// box from the beginning of an operation to its end, and the states beside it.
func (d *Diagram) HTML(w io.Writer) error {
	s := &svg{d: d}
	s.measure()
	s.header()
	s.operations()
	s.rows()
	_, err := fmt.Fprintf(w, page, html.EscapeString(d.Title), html.EscapeString(d.Title), s.width, s.height, s.width, s.height,
		s.b.String(), html.EscapeString(strings.Join(d.Notes, "\n")))
	return err
}

const page = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%s</title><style>
body { font: 14px sans-serif; margin: 2em; color: #222; background: #fff; }
svg { font: 12px monospace; }
.lane { stroke: #ddd; } .op { fill: #e8f0fa; stroke: #7a9cc6; } .bad { fill: #fbe3e0; stroke: #c0392b; }
.name { font-weight: bold; } .quiet { fill: #888; } .wrong { fill: #c0392b; font-weight: bold; } .new { fill: #0b6e4f; }
</style></head><body>
<h1>%s</h1>
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
%s</svg>
<pre>%s</pre>
</body></html>
`

// svg is the picture as far as it is drawn.
type svg struct {
	b             strings.Builder
	d             *Diagram
	lanes, states []int // where the columns begin
	tops          []int // of rows
	width, height int
}

// measure places the columns and rows.
func (s *svg) measure() {
	t := &textTable{d: s.d}
	t.measure()
	x := stepWidth
	for _, n := range t.tasks {
		s.lanes = append(s.lanes, x)
		x += n*charWidth + 2*laneGap
	}
	for _, n := range t.states {
		s.states = append(s.states, x)
		x += n*charWidth + laneGap
	}
	y := topMargin
	for i := range s.d.Rows {
		s.tops = append(s.tops, y)
		y += len(s.d.Rows[i].broken())*lineHeight + 3
	}
	s.width, s.height = x, y+lineHeight
}

func (s *svg) text(x, y int, class, text string) {
	fmt.Fprintf(&s.b, "<text x=\"%d\" y=\"%d\" class=\"%s\" xml:space=\"preserve\">%s</text>\n", x, y, class, html.EscapeString(text))
}

func (s *svg) header() {
	for i, name := range s.d.Tasks {
		s.text(s.lanes[i]+laneGap/2, lineHeight, "name", name)
		x := s.lanes[i] + 4
		fmt.Fprintf(&s.b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"lane\"/>\n", x, lineHeight+6, x, s.height)
	}
	for i, name := range s.d.State {
		s.text(s.states[i], lineHeight, "name", name)
		s.text(s.states[i], 2*lineHeight, "quiet", s.d.First[i])
	}
}

// operations draws a box for each, also for those that never end.
func (s *svg) operations() {
	for task := range s.d.Tasks {
		begin, class := -1, "op"
		for i := range s.d.Rows {
			r := &s.d.Rows[i]
			if r.Task != task {
				continue
			}
			if r.End && begin >= 0 {
				if r.Mark != "" {
					class = "bad"
				}
				s.box(task, begin, i, class)
				begin = -1
			}
			if r.Begin {
				begin, class = i, "op"
			}
		}
		if begin >= 0 {
			s.box(task, begin, len(s.d.Rows)-1, class)
		}
	}
}

func (s *svg) box(task, from, to int, class string) {
	bottom := s.height - lineHeight
	if to+1 < len(s.tops) {
		bottom = s.tops[to+1] - 3
	}
	fmt.Fprintf(&s.b, "<rect x=\"%d\" y=\"%d\" width=\"8\" height=\"%d\" rx=\"3\" class=\"%s\"/>\n",
		s.lanes[task], s.tops[from], max(lineHeight, bottom-s.tops[from]), class)
}

func (s *svg) rows() {
	last := s.d.First
	for i := range s.d.Rows {
		r := &s.d.Rows[i]
		y := s.tops[i] + lineHeight - 3
		s.text(4, y, "quiet", fmt.Sprint(r.Step))
		for k, line := range r.broken() {
			class := "quiet"
			switch {
			case strings.HasPrefix(line, "<=="):
				class = "wrong"
			case k == 0 && (r.Begin || r.End):
				class = "name"
			}
			s.text(s.lanes[r.Task]+laneGap/2, y+k*lineHeight, class, line)
		}
		for j, state := range r.State {
			if state != last[j] {
				s.text(s.states[j], y, "new", state)
			}
		}
		last = r.State
	}
}
