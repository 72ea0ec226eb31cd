package shoot

import (
	"math/rand/v2"
	"slices"

	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// randomTries is how many orders are drawn until something happens in a window.
const randomTries = 8

// RandomShot is a random order of p around one of its direct writes, with one
// stop or two, in which something happens in the window that the last stop
// opens. Nil: none was found.
func RandomShot(p *prog.Program, rng *rand.Rand) *Shot {
	var held []exec.OpRef
	for t := range p.Tasks {
		for i := range p.Tasks[t].Ops {
			if o := (exec.OpRef{Task: t, Op: i}); holdable(p, o) {
				held = append(held, o)
			}
		}
	}
	for range randomTries {
		if len(held) == 0 {
			break
		}
		s := Shot{Held: held[rng.IntN(len(held))], Stops: 1}
		if rng.IntN(3) == 0 && stretchable(p, s.Held) {
			s.Stops = 2
		}
		s.Order = s.shuffle(p, rng)
		if e := (enumeration{p: p, shot: s}); e.aimed() {
			return &s
		}
	}
	return nil
}

// shuffle draws an order: which task goes on next.
func (s *Shot) shuffle(p *prog.Program, rng *rand.Rand) (order []Event) {
	var turns []int // a task for each of its events
	for t := range p.Tasks {
		for range p.Tasks[t].Ops {
			turns = append(turns, t)
		}
	}
	for range s.Stops {
		turns = append(turns, s.Held.Task)
	}
	rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	next, fills := make([]int, len(p.Tasks)), 0
	for _, t := range turns {
		if t == s.Held.Task && next[t] == s.Held.Op+1 && fills < s.Stops {
			order = append(order, Event{Fill: true})
			fills++
			continue
		}
		order = append(order, Event{Op: exec.OpRef{Task: t, Op: next[t]}})
		next[t]++
	}
	return order
}

// Without is the order when an operation has been taken out of the program.
// Preconditions: it is not the one that is held.
func (s *Shot) Without(gone exec.OpRef) *Shot {
	moved := func(o exec.OpRef) exec.OpRef {
		if o.Task == gone.Task && o.Op > gone.Op {
			o.Op--
		}
		return o
	}
	q := &Shot{Held: moved(s.Held), Stops: s.Stops, Order: slices.Clone(s.Order)}
	q.Order = slices.DeleteFunc(q.Order, func(e Event) bool { return !e.Fill && e.Op == gone })
	for i := range q.Order {
		if !q.Order[i].Fill {
			q.Order[i].Op = moved(q.Order[i].Op)
		}
	}
	return q
}

// Fits reports whether the shot is an order of p's operations.
func (s *Shot) Fits(p *prog.Program) bool {
	if s.Held.Task >= len(p.Tasks) || s.Held.Op >= len(p.Tasks[s.Held.Task].Ops) || !holdable(p, s.Held) || s.Stops == 2 && !stretchable(p, s.Held) {
		return false
	}
	count := make([]int, len(p.Tasks))
	for _, e := range s.Order {
		if e.Fill {
			continue
		}
		if e.Op.Task >= len(count) {
			return false
		}
		count[e.Op.Task]++
	}
	for t := range count {
		if count[t] != len(p.Tasks[t].Ops) {
			return false
		}
	}
	return true
}
