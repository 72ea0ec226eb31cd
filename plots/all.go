package plots

import (
	"fmt"
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// All makes the pictures of a run. What cannot be drawn is left out, and
// missing says which and why.
func All(run *result.Run) (figures []*Figure, missing []string) {
	engines := engineNames(run)
	t := newTheme(engines)
	latencies, problems := Latencies(run)
	if n := len(problems); n > 0 {
		missing = append(missing, fmt.Sprintf("latency of %d cases, the first: %v", n, problems[0]))
	}
	add := func(ok bool, why string, make func() *Figure) {
		if ok {
			figures = append(figures, make())
		} else {
			missing = append(missing, why)
		}
	}
	bars, odds, tradeoffs, scalings := Throughputs(run), Stalenesses(run), Tradeoffs(run), Scalings(run)
	add(len(tradeoffs) > 0, "tradeoff: no engine was exposed", func() *Figure { return tradeoff(t, engines, tradeoffs) })
	add(len(bars) > 0, "throughput: nothing was measured", func() *Figure { return throughput(t, bars) })
	add(len(odds) > 0, "staleness: no engine was exposed", func() *Figure { return staleness(t, odds) })
	add(len(scalings) > 0, "scaling: one number of threads only", func() *Figure { return scaling(t, engines, scalings) })
	if len(latencies) > 0 || len(problems) == 0 {
		add(len(latencies) > 0, "latency: no histograms", func() *Figure { return latency(t, engines, latencies) })
	}
	caption := captionOf(run)
	for _, f := range figures {
		f.Caption = caption
	}
	return figures, missing
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
