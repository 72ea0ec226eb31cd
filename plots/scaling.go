package plots

import (
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// scaling draws rates against threads.
func scaling(t theme, engines []string, data []Scaling) *Figure {
	f := &Figure{
		Name:  "scaling",
		Title: "Throughput against threads",
		Note: "Median over the repetitions; whiskers are 95 % intervals. Engines at the same number of threads are drawn side by side, " +
			"so that whiskers do not hide one another.",
		panelHeight: 225,
	}
	shown := make(map[string]bool)
	for _, d := range data {
		f.panels = append(f.panels, scalingPanel(t, engines, d))
		for _, l := range d.Lines {
			shown[l.Engine] = true
		}
	}
	f.legend = engineKeys(t, only(engines, shown), true)
	return f
}

func scalingPanel(t theme, engines []string, d Scaling) *plot.Plot {
	p := newPanel(d.Workload, "threads (log scale)", d.Class+" operations per second")
	var threads []int
	top := 0.0
	for _, l := range d.Lines {
		for _, pt := range l.Points {
			threads = append(threads, pt.Threads)
			top = max(top, pt.Rate.Hi)
		}
	}
	slices.Sort(threads)
	var marks ticks
	for _, n := range slices.Compact(threads) {
		marks = append(marks, plot.Tick{Value: float64(n), Label: strconv.Itoa(n)})
	}
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = marks
	p.X.Min, p.X.Max = marks[0].Value*0.85, marks[len(marks)-1].Value*1.18
	p.Y.Tick.Marker, p.Y.Max = linear(top, 6, quantity.ExactSI)
	p.Y.Min = 0
	p.Add(grid{y: true}, rising{t, engines, d})
	return p
}

// rising is a plotter.
type rising struct {
	theme   theme
	engines []string
	data    Scaling
}

// Plot implements plot.Plotter.
func (r rising) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for _, l := range r.data.Lines {
		look := r.theme[l.Engine]
		shift := 2.4 * (vg.Length(slices.Index(r.engines, l.Engine)) - vg.Length(len(r.engines)-1)/2)
		var path []vg.Point
		for _, pt := range l.Points {
			path = append(path, vg.Point{X: tx(float64(pt.Threads)) + shift, Y: ty(pt.Rate.Center)})
		}
		c.StrokeLines(look.line(1.5), path)
		for i, pt := range l.Points {
			if pt.Rate.Interval {
				verticalBar(&c, solid(look.color, 0.9), path[i].X, ty(pt.Rate.Lo), ty(pt.Rate.Hi), 2)
			}
			look.glyph.draw(&c, path[i], 3, look.color, false)
		}
	}
}
