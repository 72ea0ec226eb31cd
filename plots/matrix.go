package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/compare"
)

// Matrix draws what was found on which file system: a panel per finding, a row
// per file system.
func Matrix(m *compare.Matrix) *Figure {
	f := &Figure{
		Name:  "matrix",
		Title: "What was found on which file system",
		Note: "Share of the rounds that showed it. Whiskers are 95 % intervals. An arrow means none in N rounds: its start is the 95 % bound 3/N, " +
			"and the truth lies to its left. Grey: direct IO is not known to be direct there.",
		legend: []key{
			glyphKey("found", circle, false, false),
			glyphKey("none seen (bound)", circle, true, true),
		},
		panelHeight: 62 + 18*vg.Length(len(m.Rows)),
	}
	for i, column := range m.Columns {
		p := newPanel(column.Name, "share of rounds (log scale)", "")
		marks := matrixMarks{rows: m.Rows}
		var names []string
		for _, r := range m.Rows {
			names = append(names, r.Name)
			marks.cells = append(marks.cells, chanceOf(r.Cells[i]))
		}
		engineAxis(p, names)
		chanceAxis(&p.X, marks.cells)
		p.Add(grid{x: true}, marks)
		f.panels = append(f.panels, p)
	}
	return f
}

// matrixMarks is a plotter: one panel's chances, in the order of the rows.
type matrixMarks struct {
	rows  []compare.MatrixRow
	cells []Chance
}

// Plot implements plot.Plotter.
func (m matrixMarks) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	style := write(8.5, faint, false)
	style.YAlign = text.YCenter
	for i, cell := range m.cells {
		y := ty(rowOf(i, len(m.cells)))
		if cell.Note != "" {
			c.FillText(style, vg.Point{X: c.Min.X + 5, Y: y}, cell.Note)
			continue
		}
		color := ink
		if m.rows[i].IO != "direct" {
			color = faint
		}
		cell.draw(&c, tx, y, color, circle)
	}
}
