package fuzz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

const (
	// perProgram is under how many schedules a program runs on an engine.
	perProgram = 16
	// perSwarm is how many programs have the same features.
	perSwarm = 32
	// runSteps ends a run that gets nowhere: programs of a dozen operations take
	// a few hundred.
	runSteps = 20_000
	// pctDepth is how many steps in order a window may take.
	pctDepth = 3
)

// worker is what one goroutine of a campaign has to itself.
type worker struct {
	c        *Campaign
	rng      *rand.Rand
	gen      prog.Generator
	engines  []engine
	pos, pct explore.Sampler
	recorder explore.Recorder
	made     int
	runs     int64
}

// engine is one of the engines that a worker runs programs on.
type engine struct {
	runner   *exec.Runner
	coverage coverage
}

func newWorker(c *Campaign, number int) *worker {
	w := &worker{c: c, rng: rand.New(rand.NewPCG(c.cfg.Seed, uint64(number))), pos: explore.NewPOS(0), pct: explore.NewPCT(pctDepth, 0)}
	w.gen = prog.Generator{Rand: w.rng, Limits: c.cfg.Limits, Wild: c.cfg.Wild}
	for _, m := range c.cfg.Models {
		r := exec.New(m)
		r.MaxSteps, r.Record = runSteps, true
		w.engines = append(w.engines, engine{runner: r})
	}
	return w
}

func (w *worker) close() {
	for i := range w.engines {
		w.engines[i].runner.Close()
	}
}

// program makes a program and runs it on every engine.
func (w *worker) program(ctx context.Context) error {
	if w.made%perSwarm == 0 {
		w.gen.Swarm()
	}
	w.made++
	p := w.make()
	fresh := false
	for i := range w.engines {
		news, err := w.run(ctx, i, p)
		if err != nil {
			return err
		}
		fresh = fresh || news
	}
	w.c.stats.programs.Add(1)
	if fresh {
		w.c.learn(w, p)
	}
	return nil
}

// make is a new program, or one out of those that showed something new.
func (w *worker) make() *prog.Program {
	if w.rng.IntN(4) > 0 {
		if p, other := w.c.pool.Pick(w.rng); p != nil {
			return w.gen.Mutate(p, other)
		}
	}
	return w.gen.Program()
}

// run runs p on one engine under several schedules.
func (w *worker) run(ctx context.Context, number int, p *prog.Program) (fresh bool, err error) {
	e := &w.engines[number]
	s := w.pos
	if w.rng.IntN(4) == 0 {
		s = w.pct
	}
	s.Forget()
	w.recorder.Picker = s
	steps := int64(0)
	for range perProgram {
		s.Reset(w.rng.Uint64())
		w.recorder.Reset()
		res := e.runner.Run(p, &w.recorder)
		w.runs++
		steps += res.Steps
		switch {
		case errors.Is(res.Err, sched.ErrSteps):
			w.c.stats.givenUp.Add(1)
			continue
		case res.Err != nil:
			return fresh, fmt.Errorf("run a program on %s: %w\n%v", e.runner.Engine(), res.Err, p)
		}
		fresh = e.coverage.run(p, e.runner.Trace()) || fresh
		if res.Found&w.c.cfg.Seeks != 0 {
			w.c.stats.bad.Add(1)
			w.bad(number, p, res)
			if ctx.Err() != nil {
				break
			}
		}
	}
	w.c.stats.runs.Add(perProgram)
	w.c.stats.steps.Add(steps)
	return fresh, nil
}

// bad looks at each kind of violation of a bad run. The runner's result does
// not outlive the first.
func (w *worker) bad(number int, p *prog.Program, res *exec.Result) {
	var list []attempt
	for i := range res.Findings {
		f := &res.Findings[i]
		a := attempt{number, f.Kind, exec.OpRef{Task: f.Task, Op: f.Op}.Kind(p), f.Missed.Kind(p), f.Wrote.Kind(p)}
		if f.Kind&w.c.cfg.Seeks != 0 && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	for _, kind := range []prog.Violation{prog.Deadlock, prog.Livelock, prog.Panic} {
		if res.Found&w.c.cfg.Seeks&kind != 0 {
			list = append(list, attempt{engine: number, kind: kind})
		}
	}
	var original *prog.Program
	for _, a := range list {
		if !w.c.admit(a) {
			continue
		}
		if original == nil {
			original = p.Clone()
			setSchedule(original, w.recorder.Switches())
		}
		w.shrink(number, original, a.kind)
	}
}

// shrink makes a program small and says so. A kind that the small one shows is
// the same; all else may differ.
func (w *worker) shrink(number int, original *prog.Program, kind prog.Violation) {
	r := w.engines[number].runner
	p := Shrink(r, original, kind)
	res := r.Run(p, &sched.Replay{Switches: Switches(p)})
	f := &Finding{Kind: kind, Program: p, Report: res.Report(), Original: original, Runs: w.runs}
	f.Collision = collision(p, r.Trace())
	w.c.say(number, f)
}
