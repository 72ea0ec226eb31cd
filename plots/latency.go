package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// latency draws distributions with their tails.
func latency(t theme, engines []string, data []Distribution) *Figure {
	f := &Figure{
		Name:  "latency",
		Title: "Latency",
		Note: "How many operations (up) were done within how long (right), all repetitions together. The upper axis is stretched towards 100 %, " +
			"so that tails show; each line ends at its slowest operation. Further left is better.",
		panelHeight: 235,
	}
	shown := make(map[string]bool)
	for _, d := range data {
		f.panels = append(f.panels, latencyPanel(t, d))
		for _, curve := range d.Curves {
			shown[curve.Engine] = true
		}
	}
	f.legend = engineKeys(t, only(engines, shown), true)
	return f
}

func latencyPanel(t theme, d Distribution) *plot.Plot {
	p := newPanel(d.Label, d.Class+" latency (log scale)", "operations done")
	lo, hi, nines := math.Inf(1), 0.0, 1.0
	for _, curve := range d.Curves {
		lo = min(lo, max(1, curve.Tail[0].Ns))
		hi = max(hi, curve.Tail[len(curve.Tail)-1].Ns)
		nines = max(nines, math.Log10(float64(curve.N)))
	}
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = lo/1.1, max(hi, lo)*1.1
	p.X.Tick.Marker = decades(p.X.Min, p.X.Max, quantity.ExactDuration)
	p.Y.Min, p.Y.Max = 0, math.Ceil(nines*2)/2+0.15 // so that no label sits on the edge
	marks := ticks{{Value: 0, Label: percent(0)}, {Value: -math.Log10(0.5), Label: "50 %"}}
	for n := 1.0; n <= nines+0.5; n++ {
		marks = append(marks, plot.Tick{Value: n, Label: percent(n)})
	}
	p.Y.Tick.Marker = marks
	p.Add(grid{x: true, y: true}, tails{t, d.Curves})
	return p
}

// tails is a plotter.
type tails struct {
	theme  theme
	curves []Curve
}

// Plot implements plot.Plotter.
func (t tails) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for _, curve := range t.curves {
		l := t.theme[curve.Engine]
		var path []vg.Point
		for _, q := range curve.Tail {
			path = append(path, vg.Point{X: tx(max(1, q.Ns)), Y: ty(-math.Log10(q.Above))})
		}
		c.StrokeLines(l.line(1.4), path)
		l.glyph.draw(&c, path[len(path)-1], 3, l.color, false)
	}
}
