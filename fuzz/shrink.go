package fuzz

import (
	"context"
	"fmt"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// How much is done to find, for a program that became smaller, a schedule in
// which it still does it. Steps are yield points of runs, a few million of which
// take a second.
const (
	findSamples   = 2000      // random schedules, where none is known
	shrinkSamples = 64        // random schedules
	shrinkBound   = 2         // preemptions of a bounded search
	shrinkSteps   = 60_000    // of a pass of that search
	shrinkBudget  = 4_000_000 // steps for one finding; then only the schedule that is known is tried
	witnessBound  = 3         // preemptions of the search for the simplest schedule
	witnessBudget = 3_000_000 // steps of it
)

// Shrink makes a program small that shows a violation of one kind on the
// runner's engine under the schedule in it: fewer tasks and operations, plainer
// ones, and then the schedule with the fewest preemptions. What it returns
// looks for that kind, and has the schedule, the engine and the trace. It takes
// a second or two at most. Preconditions: p shows it.
func Shrink(r *exec.Runner, p *prog.Program, kind prog.Violation) *prog.Program {
	s := &shrinker{runner: r, kind: kind, sampler: explore.NewPOS(0), left: shrinkBudget}
	s.recorder.Picker = s.sampler
	p = p.Clone()
	p.Conds = []prog.Cond{{Kind: prog.CondSeen, Seen: kind}}
	p = prog.Minimise(p, s.keep)
	p.Rename()
	if s.left = witnessBudget; !s.simplest(p) {
		p = prog.MinimiseSchedule(p, s.replays)
	}
	record := r.Record
	r.Record = true
	s.replays(p)
	p.Engine, p.Trace = r.Engine(), r.TraceHash()
	r.Record = record
	return p
}

// Reproduce looks for a schedule in which p shows a violation of one kind on the
// runner's engine, and makes what it finds small: see Shrink. Nil: it found none.
func Reproduce(r *exec.Runner, p *prog.Program, kind prog.Violation) *prog.Program {
	s := &shrinker{runner: r, kind: kind, sampler: explore.NewPOS(0), left: shrinkBudget}
	s.recorder.Picker = s.sampler
	p = p.Clone()
	p.Schedule = []prog.Switch{}
	if !s.find(p, findSamples) {
		return nil
	}
	return Shrink(r, p, kind)
}

// shrinker looks for schedules.
type shrinker struct {
	runner   *exec.Runner
	kind     prog.Violation
	sampler  *explore.POS
	recorder explore.Recorder
	replay   sched.Replay
	left     int64 // steps

	// As an explore.Subject:
	p *prog.Program
}

// shows runs p once.
func (s *shrinker) shows(p *prog.Program, picker sched.Picker) bool {
	res := s.runner.Run(p, picker)
	s.left -= res.Steps
	return res.Err == nil && res.Found&s.kind != 0
}

// replays reports whether the schedule in p shows it.
func (s *shrinker) replays(p *prog.Program) bool {
	s.replay.Reset(Switches(p))
	return s.shows(p, &s.replay)
}

// keep finds p a schedule that shows it: the one it has, a random one, one with
// few preemptions.
func (s *shrinker) keep(p *prog.Program) bool { return s.find(p, shrinkSamples) }

func (s *shrinker) find(p *prog.Program, samples uint64) bool {
	if s.replays(p) {
		return true
	}
	s.sampler.Forget()
	for seed := range samples {
		if s.left <= 0 {
			return false
		}
		s.sampler.Reset(seed)
		s.recorder.Reset()
		if s.shows(p, &s.recorder) {
			setSchedule(p, s.recorder.Switches())
			return true
		}
	}
	return s.search(p, explore.Config{Bound: shrinkBound, MaxSteps: shrinkSteps, First: true})
}

// simplest gives p the simplest of the schedules that show it.
func (s *shrinker) simplest(p *prog.Program) bool {
	for bound := range witnessBound + 1 {
		if s.search(p, explore.Config{Bound: bound, MaxSteps: witnessBudget}) {
			return true
		}
	}
	return false
}

// search gives p the simplest schedule that a search finds.
func (s *shrinker) search(p *prog.Program, cfg explore.Config) bool {
	cfg.New = func() explore.Subject { return s }
	s.p = p
	report := explore.Search(context.Background(), cfg) // a second or two
	for i := range report.Outcomes {
		if o := &report.Outcomes[i]; o.Found {
			setSchedule(p, o.Witness.Switches)
			return true
		}
	}
	return false
}

// Run implements explore.Subject. When the steps are used up it runs nothing,
// and the search soon ends.
func (s *shrinker) Run(picker sched.Picker) (key uint64, found bool) {
	if s.left <= 0 {
		return 0, false
	}
	res := s.runner.Run(s.p, picker)
	s.left -= res.Steps
	return res.Key(), res.Err == nil && res.Found&s.kind != 0
}

// Switches is the schedule of a program, for a [sched.Replay].
func Switches(p *prog.Program) (list []sched.Switch) {
	for _, s := range p.Schedule {
		list = append(list, sched.Switch{After: s.After, To: s.To})
	}
	return list
}

func setSchedule(p *prog.Program, list []sched.Switch) {
	p.Schedule = []prog.Switch{}
	for _, s := range list {
		p.Schedule = append(p.Schedule, prog.Switch{After: s.After, To: s.To})
	}
}

// collision is the pair of yield points that the last preemption of a schedule
// lets collide: what the stopped task was about to do, and what was done there
// meanwhile. Preconditions: trace is that of p's schedule.
func collision(p *prog.Program, trace []sched.Step) string {
	steps := make([]sched.Step, 0, len(trace))
	for _, s := range trace {
		if !s.Also {
			steps = append(steps, s)
		}
	}
	last, at := "", -1
	for _, s := range p.Schedule {
		at += int(s.After) + 1
		if at > 0 && at < len(steps) {
			if text := collides(steps, at); text != "" {
				last = text
			}
		}
	}
	return last
}

// collides is the collision of a switch at step number at, or "".
func collides(steps []sched.Step, at int) string {
	who := steps[at-1].Thread
	for i := at; i < len(steps); i++ {
		if steps[i].Thread != who {
			continue
		}
		other := steps[at]
		for _, s := range steps[at:i] {
			if s.Loc == steps[i].Loc && s.Kind.Conflicts(steps[i].Kind) {
				other = s
				break
			}
		}
		return stepName(steps[i]) + " / " + stepName(other)
	}
	return ""
}

func stepName(s sched.Step) string {
	if s.Kind == sched.KindBegin || s.Kind == sched.KindEnd {
		return fmt.Sprintf("%s of an operation", s.Kind)
	}
	return fmt.Sprintf("%s %s", s.Kind, core.SortLoc(s.Loc))
}
