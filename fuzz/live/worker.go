package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

const (
	// inOrder and byChance is how often a program runs in orders around a direct
	// write that is held, and with all tasks at once.
	inOrder  = 8
	byChance = 3
	// perSwarm is how many programs have the same features.
	perSwarm = 16
	// maxCopies is how many operations of a program may copy from file to file:
	// finding out what came from where takes longer than running more.
	maxCopies = 4
)

// worker is what one goroutine of a campaign has to itself.
type worker struct {
	c       *Campaign
	rng     *rand.Rand
	gen     prog.Generator
	shooter *shoot.Shooter
	made    int
	runs    int64
}

func newWorker(c *Campaign, number int, s *shoot.Shooter) *worker {
	w := &worker{c: c, rng: rand.New(rand.NewPCG(c.cfg.Seed, uint64(number))), shooter: s}
	w.gen = prog.Generator{Rand: w.rng, Limits: c.cfg.Limits}
	return w
}

// program makes a program and runs it.
func (w *worker) program(ctx context.Context) error {
	if w.made%perSwarm == 0 {
		w.gen.Swarm()
	}
	w.made++
	p := w.make()
	for i := 0; i < inOrder+byChance && ctx.Err() == nil; i++ {
		var shot *shoot.Shot
		if i < inOrder {
			if shot = w.order(p); shot == nil {
				i = inOrder // the rest is left to chance
			}
		}
		if done, err := w.run(p, shot); done || err != nil {
			return err
		}
	}
	w.c.stats.programs.Add(1)
	return nil
}

// make is a new program, or one out of those that showed something new.
func (w *worker) make() *prog.Program {
	var p *prog.Program
	if w.rng.IntN(3) > 0 {
		if old, other := w.c.pool.Pick(w.rng); old != nil {
			p = w.gen.Mutate(old, other)
		}
	}
	if p == nil {
		p = w.gen.Program()
	}
	plain(p)
	return p
}

// plain takes away what is for the model alone, and what takes too long to judge.
func plain(p *prog.Program) {
	p.Options = prog.Options{}
	for i := range p.Files {
		p.Files[i].FS = 0
	}
	for t, i, ok := p.UnmapsShared(); ok; t, i, ok = p.UnmapsShared() {
		p.Tasks[t].Ops = slices.Delete(p.Tasks[t].Ops, i, i+1)
	}
	copies := 0
	for t := range p.Tasks {
		for i := range p.Tasks[t].Ops {
			o := &p.Tasks[t].Ops[i]
			if !o.Buf.Mapped {
				continue
			}
			if copies++; copies > maxCopies {
				o.Buf = prog.Buf{}
			}
		}
	}
}

// order is a random order around a direct write, nil if there is none.
func (w *worker) order(p *prog.Program) *shoot.Shot {
	if !w.c.cfg.Held || w.shooter.Stopper == nil {
		return nil
	}
	return shoot.RandomShot(p, w.rng)
}

// run runs p once. Done: there is no use in going on with it.
func (w *worker) run(p *prog.Program, shot *shoot.Shot) (done bool, err error) {
	out, err := w.fire(p, shot)
	if err != nil {
		return true, err
	}
	switch {
	case errors.Is(out.Err, errors.ErrUnsupported):
		w.c.stats.refused.Add(1)
		return true, nil
	case out.Err != nil: // a full disk, for instance: nothing that follows would say anything
		return true, out.Err
	}
	w.c.learn(w, p, meetings(p, out, shot))
	class := classOf(out.Result, w.c.cfg.Seeks)
	if class == 0 {
		return false, nil
	}
	w.c.stats.bad.Add(1)
	if !w.c.admit(attemptOf(p, out.Result, class, shot != nil)) {
		return false, nil
	}
	return true, w.found(p, shot, class, out.Report())
}

// fire runs p once: in the order of the shot, or by chance if there is none.
func (w *worker) fire(p *prog.Program, shot *shoot.Shot) (out *shoot.Outcome, err error) {
	err = w.c.guarded(func() (err error) {
		if shot == nil {
			out = w.shooter.Free(p)
			return nil
		}
		out, err = w.shooter.Fire(p, shot)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n%v", err, p)
	}
	w.runs++
	w.c.stats.runs.Add(1)
	if out.Happened {
		w.c.stats.held.Add(1)
	}
	return out, nil
}

// attemptOf tells a bad run by the operations of its first finding of the class.
func attemptOf(p *prog.Program, res *exec.Result, class prog.Violation, held bool) attempt {
	for i := range res.Findings {
		if f := &res.Findings[i]; f.Kind&class != 0 {
			return attempt{class, held, exec.OpRef{Task: f.Task, Op: f.Op}.Kind(p), f.Missed.Kind(p), f.Wrote.Kind(p)}
		}
	}
	return attempt{class, held, prog.NumKinds, prog.NumKinds, prog.NumKinds}
}

// meeting is a way in which an operation meets a direct write of the same pages.
type meeting struct {
	with           prog.Kind
	direct, mapped bool // the write's memory, and the operation's, is a mapping
	window         shoot.Window
	sure           bool
}

// meetings is the ways in which operations of a run have met.
func meetings(p *prog.Program, out *shoot.Outcome, shot *shoot.Shot) (list []meeting) {
	for _, c := range out.Collided(p, shot) {
		direct, with := &p.Tasks[c.Direct.Task].Ops[c.Direct.Op], &p.Tasks[c.With.Task].Ops[c.With.Op]
		list = append(list, meeting{with.Kind, direct.Buf.Mapped, with.Buf.Mapped, c.Window, c.Sure})
	}
	return list
}
