package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"cohbench/core"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// config is how far one search goes.
func (f *searchFlags) config() litmus.Config {
	return litmus.Config{Bound: int(f.bound), Budget: f.budget, Workers: f.workers}
}

// search searches, says before if that will not come to its end, and while it
// lasts where it is. An interrupt ends it, with what was found so far.
func (f *searchFlags) search(ctx context.Context, w io.Writer, p *prog.Program, m *core.Model, cfg litmus.Config) (*litmus.Report, *litmus.Forecast, error) {
	begun := time.Now()
	forecast, err := litmus.Foresee(ctx, p, m, cfg)
	if err != nil {
		return nil, nil, err
	}
	if forecast != nil && ctx.Err() == nil {
		rate := float64(forecast.Played) / time.Since(begun).Seconds() * float64(max(cfg.Workers, 1))
		fmt.Fprintf(w, "warning: %s on %s: %s\n", p.Name, m.Name(), tooLarge(forecast, cfg, rate))
	}
	cfg.Progress = new(explore.Progress)
	stop := watchLines(w, func() string { return searchLine(p.Name+" on "+m.Name(), cfg) })
	defer stop()
	report, err := litmus.Search(ctx, p, m, cfg)
	return report, forecast, err
}

// tooLarge says how large a search is for its budget, and what bounds it. rate is
// in steps per second.
func tooLarge(f *litmus.Forecast, cfg litmus.Config, rate float64) string {
	b := bound(cfg.Bound)
	ends := fmt.Sprintf("it is given up after %s, the steps of --budget %d", longTime(math.Log10(float64(cfg.Budget)/rate)), cfg.Budget)
	if f.Fits >= 0 {
		ends += fmt.Sprintf("; --bound %d, of about %s schedules, fits", f.Fits, large(f.FitsSchedules))
	}
	if cfg.Bound == explore.Unbounded {
		return fmt.Sprintf("at least about %s schedules have to be tried, of about %s that there are; %s", large(f.AtLeast), large(f.AtMost), ends)
	}
	return fmt.Sprintf("there are about %s schedules with %s, %s steps, which take %s; %s",
		large(f.AtMost), boundText(&b), large(f.Steps), longTime(f.Steps-math.Log10(rate)), ends)
}

// smaller says what there is to do about it.
func smaller(f *litmus.Forecast, bound int) string {
	const more = "a larger --budget, or fewer operations"
	if f.Fits < 0 || bound == 0 {
		return more
	}
	return fmt.Sprintf("--bound %d, of about %s schedules, %s", f.Fits, large(f.FitsSchedules), more)
}

// large prints a number by its decimal logarithm.
func large(log float64) string {
	if log < 6 {
		return fmt.Sprintf("%.0f", math.Pow(10, log))
	}
	exponent := math.Floor(log)
	return fmt.Sprintf("%.1fe%.0f", math.Pow(10, log-exponent), exponent)
}

// longTime prints a time by the decimal logarithm of its seconds.
func longTime(log float64) string {
	const minute, hour, day, year = 60., 3600., 86400., 365.25 * 86400
	switch s := math.Pow(10, log); {
	case s < 2*minute:
		return fmt.Sprintf("about %.0f s", math.Ceil(s))
	case s < 2*hour:
		return fmt.Sprintf("about %.0f minutes", s/minute)
	case s < 2*day:
		return fmt.Sprintf("about %.0f hours", s/hour)
	case s < year:
		return fmt.Sprintf("about %.0f days", s/day)
	}
	return "about " + large(log-math.Log10(year)) + " years"
}

// searchLine is where a search is.
func searchLine(what string, cfg litmus.Config) string {
	n, steps := cfg.Progress.Schedules.Load(), cfg.Progress.Steps.Load()
	line := fmt.Sprintf("%s: %d schedules, %d million steps", what, n, steps/1_000_000)
	if cfg.Budget > 0 {
		line += fmt.Sprintf(" of at most %d", cfg.Budget/1_000_000)
	}
	return line
}

// errInterrupted ends a command after Ctrl-C, when it has said what it found.
var errInterrupted = errors.New("interrupted")

// interrupted is errInterrupted with the status for it.
func interrupted(after string, args ...any) error {
	return &exitError{statusInterrupted, fmt.Errorf("%w "+after, append([]any{errInterrupted}, args...)...), ""}
}
