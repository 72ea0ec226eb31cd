package explore

import "cohbench/core/sched"

// PCT runs the thread with the highest of priorities dealt at random, and at
// Depth-1 random steps that matter puts the one that runs below all others. It finds a bug
// that takes an order of Depth steps with a probability of at least
// 1/(n k^(Depth-1)), for n threads and k steps (Burckhardt, Kothari, Musuvathi
// and Nagarakatte, A Randomized Scheduler with Probabilistic Guarantees of
// Finding Bugs, ASPLOS 2010).
type PCT struct {
	dice
	learner
	depth    int
	length   int // of the longest schedule so far: where the changes may lie
	priority [MaxThreads]uint64
	changes  []int
	step     int
	low      uint64 // the lowest priority dealt
}

// NewPCT is a PCT for one seed.
func NewPCT(depth int, seed uint64) *PCT {
	p := &PCT{depth: depth, length: 1}
	p.Reset(seed)
	return p
}

// Reset implements Sampler.
func (p *PCT) Reset(seed uint64) {
	p.dice.Reset(seed)
	p.length = max(p.length, p.step)
	p.step, p.low = 0, 1<<32
	for i := range p.priority {
		p.priority[i] = p.low + 1 + p.src.Uint64()>>1
	}
	p.changes = p.changes[:0]
	for range p.depth - 1 {
		p.changes = append(p.changes, p.below(p.length))
	}
}

// Forget implements Sampler.
func (p *PCT) Forget() {
	p.learner.Forget()
	p.length, p.step = 1, 0
}

// Pick implements sched.Picker.
func (p *PCT) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	if t := p.idle(runnable); t != nil {
		return t
	}
	if current != nil {
		for _, at := range p.changes {
			if at == p.step {
				p.low--
				p.priority[current.ID] = p.low
			}
		}
	}
	p.step++
	return highest(runnable, &p.priority)
}

func highest(threads []*sched.Thread, priority *[MaxThreads]uint64) *sched.Thread {
	best := threads[0]
	for _, t := range threads[1:] {
		if priority[t.ID] > priority[best.ID] {
			best = t
		}
	}
	return best
}
