package explore

import (
	"math/bits"

	"cohbench/core/sched"
)

// node is a step of a schedule at which there was a choice.
type node struct {
	step  int32 // number of the step in the schedule
	to    int8  // who takes it
	usual int8  // who would have without a switch
	stops bool  // another choice than usual is a preemption
	todo  uint16
}

// bounded is the picker of a depth-first search with a bound on preemptions.
// The schedule to play is its nodes; where they end it goes on as usual and
// adds nodes for the choices that it meets.
type bounded struct {
	bound   int
	full    bool // every step matters
	sharing sharing

	nodes  []node
	frozen int // so many nodes are given: the search is below them
	next   int // of the nodes, in this schedule
	step   int32
	used   int  // preemptions
	vain   bool // one of them was

	log     []access        // what the schedule did so far
	stopped [MaxThreads]int // by thread: how long the log was when it was stopped, plus one; or 0
}

// begin prepares for one schedule.
func (b *bounded) begin() {
	b.next, b.step, b.used, b.vain, b.log = 0, -1, 0, false, b.log[:0]
	b.stopped = [MaxThreads]int{}
}

// Pick implements sched.Picker.
func (b *bounded) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	b.step++
	if b.full {
		return b.choose(runnable, current, true)
	}
	t := b.choose(runnable, current, current != nil && b.sharing.matters(current))
	if t != current {
		b.sharing.matters(t) // to note it
		b.resume(t)
	}
	b.log = append(b.log, pending(t))
	return t
}

// resume is called before t takes a step. If it was stopped before that step,
// and nothing happened since that conflicts with it, it might as well have
// been stopped after it: nothing else that follows need be tried.
func (b *bounded) resume(t *sched.Thread) {
	from := b.stopped[t.ID]
	if from == 0 {
		return
	}
	b.stopped[t.ID] = 0
	a := pending(t)
	if b.sharing.carries(a.loc) {
		return
	}
	for _, o := range b.log[from-1:] {
		if a.conflicts(o) {
			return
		}
	}
	b.vain = true
}

func (b *bounded) choose(runnable []*sched.Thread, current *sched.Thread, matters bool) *sched.Thread {
	if b.next < len(b.nodes) && b.nodes[b.next].step == b.step {
		n := &b.nodes[b.next]
		b.next++
		if n.stops && n.to != n.usual {
			b.used++
			b.stopped[n.usual] = len(b.log) + 1
		}
		return among(runnable, int(n.to))
	}
	t := current
	if t == nil {
		t = runnable[0]
	} else if !matters || b.used >= b.bound {
		return t
	}
	if len(runnable) > 1 && !b.vain {
		id := int8(t.ID)
		b.nodes = append(b.nodes, node{b.step, id, id, current != nil, idsOf(runnable) &^ (1 << id)})
		b.next++
	}
	return t
}

// Touch implements sched.Watcher.
func (b *bounded) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	b.sharing.touch(t, access{loc, kind})
	b.log = append(b.log, access{loc, kind})
}

// backtrack makes the nodes those of the next schedule, or returns false after
// the last.
func (b *bounded) backtrack() bool {
	for len(b.nodes) > b.frozen {
		n := &b.nodes[len(b.nodes)-1]
		if n.todo != 0 {
			n.to = int8(bits.TrailingZeros16(n.todo))
			n.todo &= n.todo - 1
			return true
		}
		b.nodes = b.nodes[:len(b.nodes)-1]
	}
	return false
}

// freeze makes the search one of what lies below a choice of another search.
func (b *bounded) freeze(nodes []node, to int8) {
	b.nodes = append(b.nodes[:0], nodes...)
	b.frozen = len(nodes)
	if len(nodes) > 0 {
		b.nodes[len(nodes)-1].to = to
	}
}

// witness adds the switches of the schedule just played.
func (b *bounded) witness(w *Witness) {
	last := int64(-1)
	for _, n := range b.nodes {
		if n.to != n.usual {
			w.Switches = append(w.Switches, sched.Switch{After: int64(n.step) - last - 1, To: int(n.to)})
			last = int64(n.step)
		}
	}
}

// among returns the thread with an ID. It is there, or the case does not do
// the same under the same choices.
func among(runnable []*sched.Thread, id int) *sched.Thread {
	for _, t := range runnable {
		if t.ID == id {
			return t
		}
	}
	panic("explore: the case took other steps than the last time")
}

func idsOf(threads []*sched.Thread) (ids uint16) {
	for _, t := range threads {
		if t.ID >= MaxThreads {
			panic("explore: more threads than MaxThreads")
		}
		ids |= 1 << t.ID
	}
	return ids
}
