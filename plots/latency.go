package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
)

// latency draws distributions as they are: how many operations took how long.
func latency(t theme, engines []string, data []Distribution) *Figure {
	return latencyFigure(t, engines, data, cumulativePanel, Figure{
		Name:  "latency",
		Title: "Latency",
		Note: "Which part of the operations (up) was done within how long (right), all repetitions together. Further left is better. " +
			"The slowest hundredth is in the picture of percentiles.",
	})
}

// percentiles draws their tails, in the manner of HdrHistogram.
func percentiles(t theme, engines []string, data []Distribution) *Figure {
	return latencyFigure(t, engines, data, percentilePanel, Figure{
		Name:  "percentiles",
		Title: "Latency by percentile",
		Note: "How long operations took (up) at each percentile (right), all repetitions together. The lower axis is stretched towards 100 %, so that tails show; " +
			"each line ends at its slowest operation. Lower is better.",
	})
}

func latencyFigure(t theme, engines []string, data []Distribution, panel func(theme, Distribution) *plot.Plot, f Figure) *Figure {
	shown := make(map[string]bool)
	for _, d := range data {
		f.panels = append(f.panels, panel(t, d))
		for _, curve := range d.Curves {
			shown[curve.Engine] = true
		}
	}
	f.panelHeight = 235
	f.legend = engineKeys(t, only(engines, shown), true)
	return &f
}

// extent is the fastest and the slowest operation of d, in ns, and the most
// nines that a curve reaches.
func (d Distribution) extent() (lo, hi, nines float64) {
	lo, nines = math.Inf(1), 1.0
	for _, c := range d.Curves {
		lo = min(lo, max(1, c.Tail[0].Ns))
		hi = max(hi, c.Tail[len(c.Tail)-1].Ns)
		nines = max(nines, math.Log10(float64(c.N)))
	}
	return lo, max(lo, hi), nines
}

func cumulativePanel(t theme, d Distribution) *plot.Plot {
	p := newPanel(d.Label, d.Class+" latency (log scale)", "operations done")
	lo, hi := d.middle()
	p.X.Scale = logFromMin{}
	p.X.Min, p.X.Max = lo/1.1, hi*1.1
	p.X.Tick.Marker = decades(p.X.Min, p.X.Max, quantity.ExactDuration)
	p.Y.Min, p.Y.Max = 0, 1.02
	p.Y.Tick.Marker = ticks{{Value: 0, Label: "0"}, {Value: 0.25, Label: "25 %"}, {Value: 0.5, Label: "50 %"}, {Value: 0.75, Label: "75 %"}, {Value: 1, Label: "100 %"}}
	p.Add(grid{x: true, y: true}, tails{t, d.Curves, func(ns, above float64) (x, y float64) { return min(ns, hi), 1 - above }, 0.5})
	return p
}

// middle is the extent without the slowest hundredth of the slowest curve, of
// which nothing would be seen.
func (d Distribution) middle() (lo, hi float64) {
	lo, _, _ = d.extent()
	hi = lo
	for _, c := range d.Curves {
		for _, q := range c.Tail {
			if q.Above >= 0.0099 {
				hi = max(hi, q.Ns)
			}
		}
	}
	return lo, hi
}

func percentilePanel(t theme, d Distribution) *plot.Plot {
	p := newPanel(d.Label, "percentile", d.Class+" latency (log scale)")
	lo, hi, nines := d.extent()
	p.Y.Scale = logFromMin{}
	p.Y.Min, p.Y.Max = lo/1.1, hi*1.2
	p.Y.Tick.Marker = decades(p.Y.Min, p.Y.Max, quantity.ExactDuration)
	upright(&p.Y)
	p.X.Min, p.X.Max = 0, math.Ceil(nines*2)/2+0.15 // so that no label sits on the edge
	marks := ticks{{Value: 0, Label: percent(0)}, {Value: -math.Log10(0.5), Label: "50 %"}}
	for n := 1.0; n <= nines+0.5; n++ {
		marks = append(marks, plot.Tick{Value: n, Label: percent(n)})
	}
	p.X.Tick.Marker = marks
	p.Add(grid{x: true, y: true}, tails{t, d.Curves, func(ns, above float64) (x, y float64) { return -math.Log10(above), math.Log10(ns) }, 0})
	return p
}

// tails is a plotter.
type tails struct {
	theme  theme
	curves []Curve
	// at is where a quantile stands: a fraction above of all operations took
	// longer than ns.
	at func(ns, above float64) (x, y float64)
	// mark is the quantile that has the engine's glyph: how many operations
	// took longer. 0 is the slowest operation.
	mark float64
}

// Plot implements plot.Plotter.
func (t tails) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for _, curve := range t.curves {
		l := t.theme[curve.Engine]
		var path []vg.Point
		marked := 0
		for i, q := range curve.Tail {
			x, y := t.at(max(1, q.Ns), q.Above)
			path = append(path, vg.Point{X: tx(x), Y: ty(y)})
			if q.Above >= t.mark {
				marked = i
			}
		}
		c.StrokeLines(l.line(1.4), path)
		l.glyph.draw(&c, path[marked], 3, l.color, false)
	}
}
