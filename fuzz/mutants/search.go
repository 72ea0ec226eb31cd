package mutants

import (
	"context"

	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// How far a search for the schedule of a smaller program goes.
const (
	shrinkSamples = 400
	shrinkSteps   = 400_000 // with at most two preemptions, where samples do not hit
)

// search looks for a schedule in which a program does what is wrong in the same
// way.
func search(r *exec.Runner, p *prog.Program, kind string) bool {
	pos := explore.NewPOS(0)
	for seed := range uint64(shrinkSamples) {
		pos.Reset(seed)
		if run(r, p, pos) == kind {
			return true
		}
	}
	report := explore.Search(context.Background(), explore.Config{
		New:      func() explore.Subject { return &subject{r, p, kind} },
		Bound:    2,
		MaxSteps: shrinkSteps,
	})
	return report.Found() > 0
}

// subject is a program as an explore.Subject. It leaves its runner open.
type subject struct {
	r    *exec.Runner
	p    *prog.Program
	kind string
}

// Run implements explore.Subject.
func (s *subject) Run(picker sched.Picker) (key uint64, found bool) {
	found = run(s.r, s.p, picker) == s.kind
	if found {
		return 1, true
	}
	return 0, false
}
