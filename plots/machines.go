package plots

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A Side is one of several runs that are held side by side.
type Side struct {
	Name string
	Run  *result.Run
}

// Machine is one group of cases on several machines.
type Machine struct {
	Label string
	Class string
	Rows  []MachineRow
}

// A MachineRow is one engine: its rate in proportion to raw, by side; without
// an interval where a side has none.
type MachineRow struct {
	Engine string
	Ratios []Value
}

// MachineRatios returns what several runs say of the same groups: those which
// more than one of them can put in proportion to raw, each at its most threads.
func MachineRatios(sides []Side) []Machine {
	var shared []compare.Group
	var all []Machine
	for _, s := range sides {
		for _, g := range panels(s.Run) {
			if !slices.ContainsFunc(shared, g.Equal) {
				shared = append(shared, g)
			}
		}
	}
	for _, g := range shared {
		m := Machine{Label: g.Label(shared), Class: g.Class}
		with := 0
		for i, s := range sides {
			if m.add(s.Run, i, len(sides), g) {
				with++
			}
		}
		if with > 1 {
			all = append(all, m)
		}
	}
	return all
}

// add puts the ratios of a side into its column; false if it has none.
func (m *Machine) add(run *result.Run, side, sides int, g compare.Group) bool {
	found := false
	for _, own := range compare.Groups(run) {
		if !own.Equal(g) {
			continue
		}
		for _, c := range own.Cases {
			base, ok := compare.Base(run.Records, c, "raw")
			if !ok || base == c {
				continue
			}
			r := compare.Against(run.Records, c, base, compare.Rate(g.Class))
			if r.Refused != "" {
				continue
			}
			found = true
			i := slices.IndexFunc(m.Rows, func(row MachineRow) bool { return row.Engine == c.Engine })
			if i < 0 {
				i = len(m.Rows)
				m.Rows = append(m.Rows, MachineRow{c.Engine, make([]Value, sides)})
			}
			m.Rows[i].Ratios[side] = valueOf(r.Estimate)
		}
	}
	return found
}

// sideGlyphs tell runs apart; engines have the colours.
var sideGlyphs = []glyph{circle, square, diamond, up, down, pentagon, hexagon, star}

// Machines draws runs side by side; nil if they have nothing in common.
func Machines(sides []Side) *Figure {
	data := MachineRatios(sides)
	if len(data) == 0 {
		return nil
	}
	f := &Figure{
		Name:  "machines",
		Title: "The same engines on different machines",
		Note: "Rate in proportion to raw in the same repetition of the same run, with 95 % intervals: a row per engine, a glyph per run. " +
			"What is true of an engine holds on all of them.",
	}
	for i, s := range sides {
		f.legend = append(f.legend, glyphKey(s.Name, sideGlyphs[i%len(sideGlyphs)], i >= len(sideGlyphs), false))
	}
	var engines []string
	for _, s := range sides {
		engines = append(engines, engineNames(s.Run)...)
	}
	t := newTheme(engines)
	for _, m := range data {
		f.panels = append(f.panels, m.panel(t))
		f.panelHeight = max(f.panelHeight, 62+(12+5*vg.Length(len(sides)))*vg.Length(len(m.Rows)))
	}
	f.nameGroups()
	return f
}

func (m Machine) panel(t theme) *plot.Plot {
	p := newPanel(m.Label, m.Class+" rate relative to raw", "")
	var engines []string
	top := 1.0
	for _, r := range m.Rows {
		engines = append(engines, r.Engine)
		for _, v := range r.Ratios {
			top = max(top, v.Hi)
		}
	}
	engineAxis(p, engines)
	p.X.Min = 0
	p.X.Tick.Marker, p.X.Max = linear(top, 5, quantity.ExactSI)
	p.Add(grid{x: true}, proportions{t, m.Rows})
	return p
}

// proportions is a plotter.
type proportions struct {
	theme theme
	rows  []MachineRow
}

// Plot implements plot.Plotter.
func (ps proportions) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	c.StrokeLine2(ps.theme["raw"].line(1), tx(1), c.Min.Y, tx(1), c.Max.Y)
	for i, r := range ps.rows {
		ink := ps.theme[r.Engine].color
		apart := (ty(1) - ty(0)) * 0.7 / vg.Length(len(r.Ratios))
		y := ty(rowOf(i, len(ps.rows))) + apart*vg.Length(len(r.Ratios)-1)/2
		for side, v := range r.Ratios {
			if v.Center > 0 {
				horizontalBar(&c, solid(ink, 1.1), tx(v.Lo), tx(v.Hi), y, 2)
				sideGlyphs[side%len(sideGlyphs)].draw(&c, vg.Point{X: tx(v.Center), Y: y}, 3, ink, side >= len(sideGlyphs))
			}
			y -= apart
		}
	}
}
