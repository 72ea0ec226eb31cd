package litmus

import (
	"errors"
	"fmt"
	"math"

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

// Search tries the schedules of p on a model engine.
func Search(p *prog.Program, model *core.Model, cfg Config) (*Report, error) {
	s := &searcher{p: p, model: model}
	found := explore.Search(explore.Config{New: s.subject, Bound: cfg.Bound, MaxSteps: cfg.Budget, Workers: cfg.Workers})
	for _, c := range s.cases {
		if c.err != nil {
			return nil, fmt.Errorf("%s on %s: %w", p.Name, model.Name(), c.err)
		}
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

// Estimate bounds the schedules of a search from above, by the number of steps
// and of tasks: as if each step were worth stopping before.
func Estimate(p *prog.Program, model *core.Model, bound int) (float64, error) {
	r := exec.New(model)
	defer r.Close()
	res := r.Run(p, &sched.Replay{})
	if res.Err != nil {
		return 0, fmt.Errorf("%s on %s: %w", p.Name, model.Name(), res.Err)
	}
	others := float64(max(1, len(p.Tasks)-1))
	if bound == explore.Unbounded {
		return math.Pow(others+1, float64(res.Steps)), nil
	}
	total, term := 1.0, 1.0
	for i := range bound {
		term *= others * float64(res.Steps-int64(i)) / float64(i+1)
		total += term
	}
	for i := range len(p.Tasks) { // who goes on where a task ends
		total *= float64(i + 1)
	}
	return total, nil
}
