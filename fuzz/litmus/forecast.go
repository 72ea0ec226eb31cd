package litmus

import (
	"context"
	"math"

	"cohbench/core"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// Forecast is what is known of a search before it begins. Numbers are decimal
// logarithms: there may be more schedules than a float64 holds.
type Forecast struct {
	// AtMost is of schedules: an estimate. Without a bound it is of all orders
	// of all steps, most of which the search need not try; AtLeast is what a
	// short trial saw, and 0 with a bound.
	AtMost, AtLeast float64
	Steps           float64 // of those AtMost
	Fits            int     // the largest smaller bound which the budget is enough for; -1: none
	FitsSchedules   float64 // that it takes
	Played          int64   // steps that the forecast took
}

const (
	glances = 8  // probes, where that shows that the search is small
	probes  = 64 // where not
	// margin is how many times smaller than the budget a glance must be.
	margin = 8
	// trialShare of the budget, but no more than trialSteps, is what an unbounded search
	// may take before anything is said of it.
	trialShare, trialSteps = 50, 1_000_000
	// mostFits is the largest bound that is proposed.
	mostFits = 4
)

// Foresee says how large a search is that will not come to its end within the
// budget, and nothing, nil, if it is likely to. It takes little time.
func Foresee(ctx context.Context, p *prog.Program, model *core.Model, cfg Config) (*Forecast, error) {
	s := &searcher{p: p, model: model}
	var f Forecast
	if cfg.Budget == 0 || s.small(ctx, cfg, &f) {
		return nil, s.err()
	}
	e := s.probe(ctx, cfg.Bound, probes, &f)
	f.AtMost, f.Steps = e.Schedules, e.Steps
	if cfg.Bound != explore.Unbounded && f.Steps <= math.Log10(float64(cfg.Budget)) {
		return nil, s.err()
	}
	below := cfg.Bound
	if below == explore.Unbounded || below > mostFits {
		below = mostFits + 1
	}
	for f.Fits = below - 1; f.Fits >= 0; f.Fits-- {
		e = s.probe(ctx, f.Fits, glances, &f)
		if f.FitsSchedules = e.Schedules; e.Steps <= math.Log10(float64(cfg.Budget)) {
			break
		}
	}
	return &f, s.err()
}

// small reports whether little is enough to see that a search will end in time.
func (s *searcher) small(ctx context.Context, cfg Config, f *Forecast) bool {
	if cfg.Bound != explore.Unbounded {
		return s.probe(ctx, cfg.Bound, glances, f).Steps <= math.Log10(float64(cfg.Budget)/margin)
	}
	r := explore.Search(ctx, explore.Config{New: s.subject, Bound: cfg.Bound, MaxSteps: min(trialSteps, max(cfg.Budget/trialShare, 1))})
	f.Played += r.Steps
	if r.Complete || r.Part == 0 {
		return r.Complete
	}
	f.AtLeast = math.Log10(float64(r.Schedules+r.Pruned) / r.Part)
	return false
}

// probe estimates the search with a bound.
func (s *searcher) probe(ctx context.Context, bound, probes int, f *Forecast) explore.Estimate {
	e := explore.Probe(ctx, explore.Config{New: s.subject, Bound: bound, Full: bound == explore.Unbounded}, probes)
	f.Played += e.Played
	return e
}
