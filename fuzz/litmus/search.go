package litmus

import (
	"context"
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// Config is how far a search goes.
type Config struct {
	Bound int // preemptions; explore.Unbounded for none
	// Budget is how many steps are taken before the search gives up; 0 for no
	// limit.
	Budget  int64
	Workers int // goroutines; default 1
	// Progress, if it is not nil, counts what was done so far.
	Progress *explore.Progress
}

// Report is the answer of a search to what a program looks for.
type Report struct {
	*explore.Report
	Verdict  prog.Verdict
	Expected prog.Verdict
	Expects  bool           // the program says what to expect of the engine
	Seen     prog.Violation // in any schedule
}

// OK reports whether the verdict is the expected one, if there is one.
func (r *Report) OK() bool { return !r.Expects || r.Verdict == r.Expected }

// Search tries the schedules of p on a model engine, as many as there are or
// as it comes to before ctx ends.
func Search(ctx context.Context, p *prog.Program, model *core.Model, cfg Config) (*Report, error) {
	s := &searcher{p: p, model: model}
	found := explore.Search(ctx, explore.Config{New: s.subject, Bound: cfg.Bound, MaxSteps: cfg.Budget, Workers: cfg.Workers, Progress: cfg.Progress})
	if err := s.err(); err != nil {
		return nil, err
	}
	r := &Report{Report: found}
	for i := range found.Outcomes {
		r.Seen |= exec.Violations(found.Outcomes[i].Key)
	}
	r.Expected, r.Expects = p.Expected(model.Name())
	r.Verdict = verdict(p, r)
	return r, nil
}

// Shows reports whether an outcome is what the verdict is about: it ends in the
// deadlock or livelock, or else has what the test looks for.
func (r *Report) Shows(o *explore.Outcome) bool {
	switch seen := exec.Violations(o.Key); r.Verdict {
	case prog.Deadlocks:
		return seen&prog.Deadlock != 0
	case prog.Livelocks:
		return seen&prog.Livelock != 0
	}
	return o.Found
}

// verdict says what a report means.
func verdict(p *prog.Program, r *Report) prog.Verdict {
	found := 0
	for i := range r.Outcomes {
		if r.Outcomes[i].Found {
			found++
		}
	}
	switch ends := r.Seen &^ p.Seeks(); {
	case ends&prog.Deadlock != 0:
		return prog.Deadlocks
	case ends&prog.Livelock != 0:
		return prog.Livelocks
	case found > 0 && found < len(r.Outcomes), found > 0 && !r.Complete:
		return prog.Sometimes
	case !r.Complete:
		return prog.Unknown
	case found == 0:
		return prog.Never
	}
	return prog.Always
}

// searcher makes the cases of one search.
type searcher struct {
	p     *prog.Program
	model *core.Model
	cases []*runs
}

func (s *searcher) subject() explore.Subject {
	c := &runs{Runner: exec.New(s.model), p: s.p}
	s.cases = append(s.cases, c)
	return c
}

// err is what is wrong with the program or the engine.
func (s *searcher) err() error {
	for _, c := range s.cases {
		if c.err != nil {
			return fmt.Errorf("%s on %s: %w", s.p.Name, s.model.Name(), c.err)
		}
	}
	return nil
}

// runs is a program on an engine as an explore.Subject.
type runs struct {
	*exec.Runner
	p   *prog.Program
	err error // of the first run that says nothing
}

// Run implements explore.Subject.
func (c *runs) Run(picker sched.Picker) (key uint64, found bool) {
	r := c.Runner.Run(c.p, picker)
	switch {
	case r.Err != nil && c.err == nil && !errors.Is(r.Err, sched.ErrAbandoned):
		c.err = r.Err
	case r.Panic != nil && c.err == nil && c.p.Seeks()&prog.Panic == 0:
		c.err = fmt.Errorf("%w\n%s", r.Panic, r.Panic.Stack)
	}
	return r.Key(), r.Holds()
}
