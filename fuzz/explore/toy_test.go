package explore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/sched"
)

// toy is a small program over variables and locks. Its outcome is what its
// reads returned and how it ended.
type toy struct {
	threads [][]toyOp
	silent  bool // does not say what a step touches besides

	d     sched.Determ
	vars  [toyVars]uint64
	two   [toyLocks]*core.TwoStateLock
	rw    [toyLocks]*core.RWSem
	reads [toyThreads][]uint64
	fns   [toyThreads]func(*sched.Thread)
}

const toyVars, toyLocks, toyThreads = 3, 2, 3

type toyOp struct {
	kind toyKind
	x, y int     // variables, or x a lock
	in   []toyOp // what is done under the lock
}

type toyKind int

const (
	toyRead  toyKind = iota
	toyWrite         // x = a value of its own
	toyCopy          // y = x, in two steps
	toyBoth          // writes x and y in one step
	toyAdd           // a section of a TwoStateLock
	toyBlock
	toyShared // and of an RWSem
	toyExclusive
	toyAwait // spins until x is not zero
	toyKinds
)

func (o toyOp) String() string {
	s := fmt.Sprintf("%d(%d,%d)", o.kind, o.x, o.y)
	if o.in != nil {
		s += fmt.Sprint(o.in)
	}
	return s
}

func (p *toy) String() string {
	var b strings.Builder
	for i, ops := range p.threads {
		fmt.Fprintf(&b, "  thread %d: %v\n", i, ops)
	}
	return b.String()
}

func varLoc(x int) sched.Loc { return sched.Loc(1 + x) }

// Run implements Subject.
func (p *toy) Run(picker sched.Picker) (uint64, bool) {
	g := p.d.Reset(sched.Config{Picker: picker, MaxSteps: 1000, Patience: 2})
	p.vars = [toyVars]uint64{}
	for i := range toyLocks {
		p.two[i], p.rw[i] = &core.TwoStateLock{}, &core.RWSem{}
		p.two[i].Object().ID, p.rw[i].Object().ID = uint64(100+i), uint64(200+i)
	}
	for i, ops := range p.threads {
		p.reads[i] = p.reads[i][:0]
		if p.fns[i] == nil {
			p.fns[i] = func(t *sched.Thread) { p.do(t, ops) }
		}
		g.Go("", p.fns[i])
	}
	return p.outcome(g.Wait())
}

// Close implements what Search looks for.
func (p *toy) Close() { p.d.Close() }

func (p *toy) outcome(err error) (key uint64, found bool) {
	add := func(x uint64) { key = (key ^ x) * 0x9e3779b97f4a7c15; key ^= key >> 29 }
	for _, x := range p.vars {
		add(x)
	}
	for i := range p.threads {
		add(1000)
		for _, x := range p.reads[i] {
			add(x)
		}
	}
	var dead *sched.Deadlock
	var alive *sched.Livelock
	switch {
	case errors.As(err, &dead):
		add(2000)
	case errors.As(err, &alive):
		add(2001)
	case errors.Is(err, sched.ErrSteps):
		add(2002)
	}
	return key, err != nil
}

func (p *toy) do(t *sched.Thread, ops []toyOp) bool {
	for i := range ops {
		if !p.step(t, &ops[i], uint64(t.ID*100+i+1)) {
			return false
		}
	}
	return true
}

// step does one operation; false once the case is cancelled.
func (p *toy) step(t *sched.Thread, o *toyOp, value uint64) bool {
	switch o.kind {
	case toyRead:
		p.read(t, o.x)
	case toyWrite:
		t.Yield(varLoc(o.x), sched.KindWrite)
		p.vars[o.x] = value
	case toyCopy:
		v := p.read(t, o.x)
		t.Yield(varLoc(o.y), sched.KindWrite)
		p.vars[o.y] = v
	case toyBoth:
		t.Yield(varLoc(o.x), sched.KindWrite)
		p.vars[o.x] = value
		if !p.silent {
			t.Touch(varLoc(o.y), sched.KindWrite)
		}
		p.vars[o.y] = value + 50
	case toyAwait:
		return p.await(t, o.x)
	default:
		return p.section(t, o)
	}
	return true
}

func (p *toy) read(t *sched.Thread, x int) uint64 {
	t.Yield(varLoc(x), sched.KindRead)
	v := p.vars[x]
	p.reads[t.ID] = append(p.reads[t.ID], v)
	return v
}

// await looks again and again. How often it looked in vain is no part of the
// outcome.
func (p *toy) await(t *sched.Thread, x int) bool {
	for {
		t.Yield(varLoc(x), sched.KindRead)
		if v := p.vars[x]; v != 0 {
			p.reads[t.ID] = append(p.reads[t.ID], v)
			return true
		}
		if t.Spin(varLoc(x)) != nil {
			return false
		}
	}
}

func (p *toy) section(t *sched.Thread, o *toyOp) bool {
	two, rw := p.two[o.x], p.rw[o.x]
	take := [...]func(*sched.Thread) error{two.Add, two.Block, rw.DownRead, rw.DownWrite}[o.kind-toyAdd]
	leave := [...]func(*sched.Thread){two.Unadd, two.Unblock, rw.UpRead, rw.UpWrite}[o.kind-toyAdd]
	mode := [...]sched.Mode{sched.Add, sched.Block, sched.Shared, sched.Exclusive}[o.kind-toyAdd]
	object := [...]*sched.Object{two.Object(), two.Object(), rw.Object(), rw.Object()}[o.kind-toyAdd]
	if take(t) != nil {
		return false
	}
	t.Hold(object, mode)
	ok := p.do(t, o.in)
	t.Release(object, mode)
	leave(t)
	return ok
}

// randomToy makes a program of about size operations.
func randomToy(rng *rand.Rand, threads, size int, spins bool) *toy {
	p := &toy{}
	for range threads {
		p.threads = append(p.threads, randomOps(rng, 1+rng.IntN(size), 2, spins))
	}
	return p
}

func randomOps(rng *rand.Rand, n, depth int, spins bool) (ops []toyOp) {
	for n > 0 {
		o := toyOp{kind: toyKind(rng.IntN(int(toyKinds))), x: rng.IntN(toyVars), y: rng.IntN(toyVars)}
		switch {
		case o.kind == toyAwait && !spins, o.kind >= toyAdd && o.kind < toyAwait && (depth == 0 || rng.IntN(2) == 0):
			o.kind = toyKind(rng.IntN(int(toyAdd)))
		case o.kind >= toyAdd && o.kind < toyAwait:
			o.x = rng.IntN(toyLocks)
			k := rng.IntN(n)
			o.in = randomOps(rng, k, depth-1, spins)
			n -= k
		}
		ops = append(ops, o)
		n--
	}
	return ops
}

// outcomes is the keys that a search found.
func outcomes(r *Report) map[uint64]bool {
	keys := map[uint64]bool{}
	for _, o := range r.Outcomes {
		keys[o.Key] = true
	}
	return keys
}

// compare searches a program with and without reduction, unless it is too
// large for the latter, and wants the same outcomes.
func compare(t *testing.T, p *toy, bound int, limit int64) (full, reduced *Report) {
	t.Helper()
	own := func() Subject { return &toy{threads: p.threads} }
	full = Search(t.Context(), Config{New: own, Bound: bound, Full: true, MaxSteps: limit})
	if !full.Complete {
		return nil, nil
	}
	reduced = Search(t.Context(), Config{New: own, Bound: bound})
	want, got := outcomes(full), outcomes(reduced)
	for key := range want {
		if !got[key] {
			t.Errorf("outcome %x, of %d schedules %v, is missed (%d of %d schedules tried, %d pruned):\n%s",
				key, full.Outcome(key).Count, full.Outcome(key).Witness, reduced.Schedules, full.Schedules, reduced.Pruned, p)
			break
		}
	}
	for key := range got {
		if !want[key] {
			t.Errorf("outcome %x is not among those of all schedules:\n%s", key, p)
		}
	}
	return full, reduced
}
