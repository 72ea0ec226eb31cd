package fuzz

import (
	"math/bits"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// coverage is what runs have shown so far: pairs of steps that followed each
// other on different tasks, and pairs of operations that were under way then.
// It is a set of hashes: some pairs count as one.
type coverage struct{ bits [coverageBits / 64]uint64 }

const coverageBits = 1 << 16

// add returns whether h is new.
func (c *coverage) add(h uint64) bool {
	h *= 0x9e3779b97f4a7c15
	h >>= 64 - 16
	word, bit := &c.bits[h/64], uint64(1)<<(h%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// count is how much was covered.
func (c *coverage) count() (n int) {
	for _, w := range c.bits {
		n += bits.OnesCount64(w)
	}
	return n
}

// merge adds what another has.
func (c *coverage) merge(o *coverage) {
	for i, w := range o.bits {
		c.bits[i] |= w
	}
}

// run adds what a run of p showed, and reports whether there was anything new.
func (c *coverage) run(p *prog.Program, trace []sched.Step) (fresh bool) {
	var began [prog.MaxTasks]int // operations, by task
	last := -1                   // the step before, of those that are no touches
	for i := range trace {
		s := &trace[i]
		if s.Also || int(s.Thread) >= len(p.Tasks) {
			continue
		}
		if s.Kind == sched.KindBegin {
			began[s.Thread]++
		}
		if last >= 0 && trace[last].Thread != s.Thread {
			a := &trace[last]
			pair := class(a)<<32 | class(s)<<1
			if a.Loc == s.Loc {
				pair |= 1
				ops := opUnderWay(p, a.Thread, &began)<<8 | opUnderWay(p, s.Thread, &began)
				fresh = c.add(1<<63|ops<<40|class(s)) || fresh
			}
			fresh = c.add(pair) || fresh
		}
		last = i
	}
	return fresh
}

// opUnderWay is the kind of the operation that a task is in, or was in last.
func opUnderWay(p *prog.Program, task int32, began *[prog.MaxTasks]int) uint64 {
	if n := began[task]; n > 0 && n <= len(p.Tasks[task].Ops) {
		return uint64(p.Tasks[task].Ops[n-1].Kind)
	}
	return prog.NumKinds
}

// class is the kind of a step and of what it is about, whichever file or page
// that is.
func class(s *sched.Step) uint64 { return uint64(core.SortLoc(s.Loc))<<8 | uint64(s.Kind) }
