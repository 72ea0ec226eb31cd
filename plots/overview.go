package plots

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A Table is what each engine did on each workload: a row per panel of the
// other pictures.
type Table struct {
	Engines []string
	Rows    []TableRow
}

// A TableRow is one workload; its cells go by Table.Engines.
type TableRow struct {
	Label string
	Cells []Cell
}

// A Cell is one engine on one workload: its rate, relative to raw if Relative,
// else per second, and the worst that was seen.
type Cell struct {
	Rate     float64
	Relative bool
	Finding  string // "" if it was not measured
	Grade    Grade
}

// A Grade is how bad a finding is.
type Grade string

// Grades.
const (
	NotMeasured Grade = ""
	NotAsked    Grade = "not asked" // nobody was exposed: nothing could be seen
	Sound       Grade = "sound"     // nothing was seen
	Unsound     Grade = "unsound"   // stale data was read
	Failed      Grade = "failed"    // data was lost, or the case did not end
)

// Overview returns the table of a run.
func Overview(run *result.Run) Table {
	groups := panels(run)
	label := labelling(run, groups)
	t := Table{Engines: engineNames(run)}
	for _, g := range groups {
		row := TableRow{Label: label(g), Cells: make([]Cell, len(t.Engines))}
		for _, c := range g.Cases {
			row.Cells[slices.Index(t.Engines, c.Engine)] = cell(run.Records, g, c)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func cell(records []result.Record, g compare.Group, c result.Case) Cell {
	own := compare.Of(records, c)
	out := Cell{Finding: failures(records, c), Grade: Failed}
	worst := compare.Worst(own)
	switch {
	case out.Finding != "" && worst == compare.NoOutcome:
		out.Grade = NotMeasured
	case out.Finding != "":
	case worst == compare.SawLoss:
		out.Finding = "lost data"
	case worst == compare.SawStale:
		out.Finding, out.Grade = "stale reads", Unsound
	default:
		out.Finding, out.Grade = seenNothing(own)
	}
	if e := compare.Summary(records, c, compare.Rate(g.Class)); e.N > 0 {
		out.Rate = e.Center
		if base, ok := compare.Base(records, c, "raw"); ok {
			if r := compare.Against(records, c, base, compare.Rate(g.Class)); r.Refused == "" {
				out.Rate, out.Relative = r.Center, true
			}
		}
	}
	return out
}

// seenNothing says what the absence of findings rests on.
func seenNothing(records []result.Record) (string, Grade) {
	var exposures int64
	for _, r := range records {
		exposures += r.Exposures
	}
	if exposures == 0 {
		return "not exposed", NotAsked
	}
	return "0 in " + quantity.Short(exposures), Sound
}

// rate prints the first line of a cell.
func (c Cell) rate() string {
	switch {
	case c.Rate == 0:
		return "-"
	case c.Relative:
		return fmt.Sprintf("%.2f of raw", c.Rate)
	}
	return quantity.SI(c.Rate) + "/s"
}

func (g Grade) color() color.RGBA {
	switch g {
	case Sound:
		return fine
	case Unsound:
		return amiss
	case Failed:
		return wrong
	}
	return blank
}

// overview draws the table as a map of colours.
func overview(t Table) *Figure {
	f := &Figure{
		Name:  "overview",
		Title: "Engines and workloads at a glance",
		Note: "The rate of the workload's main operation, relative to raw in the same repetition where there are repetitions enough, and below it the worst that was seen. " +
			"\"0 in N\": nothing, in N exposures. \"not exposed\": nobody else touched what was written, so nothing could be seen.",
		panelHeight: 34 + 27*vg.Length(len(t.Rows)),
	}
	for _, g := range []struct {
		name  string
		grade Grade
	}{{"exposed, and nothing wrong seen", Sound}, {"stale reads", Unsound}, {"data lost, or no end", Failed}, {"not exposed, or not measured", NotMeasured}} {
		f.legend = append(f.legend, key{g.name, func(c *draw.Canvas, at vg.Point) {
			fill(c, g.grade.color(), box(at.X-8, at.Y-5, at.X+8, at.Y+5))
		}})
	}
	p := newPanel("", "", "")
	var rows []string
	for _, r := range t.Rows {
		rows = append(rows, r.Label)
	}
	engineAxis(p, rows)
	p.Y.Tick.Label.Font.Size = 7.5
	p.Y.LineStyle.Width = 0
	var columns ticks
	for i, e := range t.Engines {
		columns = append(columns, plot.Tick{Value: float64(i), Label: e})
	}
	p.X.Tick.Marker, p.X.Tick.Length = columns, 0
	p.X.Tick.Label.Font.Size = min(8, 60/vg.Length(len(t.Engines)))
	p.X.LineStyle.Width = 0
	p.X.Min, p.X.Max = -0.5, float64(len(t.Engines))-0.5
	p.Add(cells{t})
	f.panels = []*plot.Plot{p}
	return f
}

func fill(c *draw.Canvas, ink color.Color, r vg.Rectangle) {
	c.FillPolygon(ink, []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}})
}

// cells is a plotter.
type cells struct{ table Table }

// Plot implements plot.Plotter.
func (t cells) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	width, height := tx(1)-tx(0), ty(1)-ty(0)
	for i, row := range t.table.Rows {
		y := ty(rowOf(i, len(t.table.Rows)))
		for j, cell := range row.Cells {
			x := tx(float64(j))
			fill(&c, cell.Grade.color(), box(x-width/2+1, y-height/2+1, x+width/2-1, y+height/2-1))
			if cell.Finding == "" {
				continue
			}
			centred(&c, 8, ink, vg.Point{X: x, Y: y + height*0.18}, cell.rate(), width-4)
			centred(&c, 7, ink, vg.Point{X: x, Y: y - height*0.22}, cell.Finding, width-4)
		}
	}
}

// centred writes text no wider than width, smaller if need be.
func centred(c *draw.Canvas, size vg.Length, ink color.Color, at vg.Point, s string, width vg.Length) {
	style := write(size, ink, false)
	if w := style.Width(s); w > width {
		style.Font.Size *= width / w
	}
	style.XAlign, style.YAlign = text.XCenter, text.YCenter
	c.FillText(style, at, s)
}
