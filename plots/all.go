package plots

import (
	"fmt"
	"slices"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// All makes the pictures of a run. What cannot be drawn is left out; missing
// says which of those that every run may expect, and why.
func All(run *result.Run) (figures []*Figure, missing []string) {
	engines := engineNames(run)
	t := newTheme(engines)
	latencies, problems := Latencies(run)
	if n := len(problems); n > 0 {
		missing = append(missing, fmt.Sprintf("latency of %d cases, the first: %v", n, problems[0]))
	}
	add := func(ok bool, why string, make func() *Figure) {
		switch {
		case ok:
			figures = append(figures, make())
		case why != "":
			missing = append(missing, why)
		}
	}
	figures = append(figures, storms(t, engines, run)...)
	tradeoffs, bars, odds, table := Tradeoffs(run), Throughputs(run), Stalenesses(run), Overview(run)
	add(len(tradeoffs) > 0, "tradeoff: no engine was exposed", func() *Figure { return tradeoff(t, engines, tradeoffs) })
	add(len(table.Rows) > 0, "", func() *Figure { return overview(table) })
	add(len(bars) > 0, "throughput: nothing was measured", func() *Figure { return throughput(t, bars) })
	add(len(odds) > 0, "staleness: no engine was exposed", func() *Figure { return staleness(t, odds) })
	figures = append(figures, sweeps(t, engines, run)...)
	if len(latencies) > 0 {
		figures = append(figures, latency(t, engines, latencies), percentiles(t, engines, latencies))
	} else if len(problems) == 0 {
		missing = append(missing, "latency: no histograms")
	}
	if traces, err := run.Traces(); err != nil {
		missing = append(missing, "timeline: "+err.Error())
	} else if d, idle := Timelines(traces); len(d) > 0 {
		figures = append(figures, timeline(d, idle))
	}
	caption := captionOf(run)
	for _, f := range figures {
		f.Caption = caption
		f.nameGroups()
		f.sayLeftOut(run)
	}
	return figures, missing
}

// nameGroups finds the names of what a figure shows in the titles of its panels,
// or at the rows of its only one.
func (f *Figure) nameGroups() {
	var titles []string
	for _, p := range f.panels {
		titles = append(titles, p.Title.Text)
		if p.Title.Text == "" {
			for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
				titles = append(titles, t.Label)
			}
		}
	}
	for _, title := range titles {
		title, _, _ = strings.Cut(title, ": ")
		if title != "" && !slices.Contains(f.groups, title) {
			f.groups = append(f.groups, title)
		}
	}
}

// storms are the pictures of direct writes among arriving faults: those there
// is data for. A run that has them was made for them, so they come first.
func storms(t theme, engines []string, run *result.Run) []*Figure {
	var figures []*Figure
	rivalry := BreakEvens(run)
	if len(rivalry.Writes) > 0 {
		figures = append(figures, breakEven(t, engines, rivalry))
	}
	if d := Starvations(run); len(d) > 0 {
		figures = append(figures, starvation(t, engines, d, rivalry.Writes))
	}
	return figures
}

// sweeps are the pictures of what else was varied.
func sweeps(t theme, engines []string, run *result.Run) []*Figure {
	var figures []*Figure
	if d := Scalings(run); len(d) > 0 {
		figures = append(figures, scaling(t, engines, d, run.Env.Cores))
	}
	if d := Factors(run); len(d) > 0 {
		figures = append(figures, factors(t, engines, d))
	}
	if d := BlockSizes(run); len(d) > 0 {
		figures = append(figures, blockSize(t, engines, d))
	}
	if d := Visibilities(run); len(d) > 0 {
		figures = append(figures, visibility(t, engines, d))
	}
	return figures
}

// engineNames lists the engines of a run in display order.
func engineNames(run *result.Run) []string {
	var list []string
	for _, e := range run.Env.Engines {
		list = append(list, e.Name)
	}
	for _, g := range compare.Groups(run) {
		for _, c := range g.Cases {
			if !slices.Contains(list, c.Engine) {
				list = append(list, c.Engine)
			}
		}
	}
	return list
}

// Write draws the figures into plots/ of the run directory dir, each as SVG, PNG
// and PDF.
func Write(dir string, figures []*Figure) error {
	const dpi = 144
	for _, f := range figures {
		for _, form := range []struct {
			ext  string
			draw func() ([]byte, error)
		}{{".svg", f.SVG}, {".png", func() ([]byte, error) { return f.PNG(dpi) }}, {".pdf", f.PDF}} {
			data, err := form.draw()
			if err != nil {
				return err
			}
			if err := result.WritePlot(dir, f.Name+form.ext, data); err != nil {
				return fmt.Errorf("plot: %w", err)
			}
		}
	}
	return nil
}
