package explore

import "cohbench/core/sched"

// POS gives every next step that matters a random priority and takes the highest. Steps
// that conflict with the one taken get another one, so that each order of
// steps that matter is about as likely as any other (Yuan, Yang and Gu, Partial
// Order Aware Concurrency Sampling, CAV 2018).
type POS struct {
	dice
	learner
	priority [MaxThreads]uint64
	last     access // the step taken
	who      int
}

// NewPOS is a POS for one seed.
func NewPOS(seed uint64) *POS {
	p := &POS{}
	p.Reset(seed)
	return p
}

// Reset implements Sampler.
func (p *POS) Reset(seed uint64) {
	p.dice.Reset(seed)
	p.last, p.who = access{}, -1
	for i := range p.priority {
		p.priority[i] = p.src.Uint64()
	}
}

// Pick implements sched.Picker.
func (p *POS) Pick(runnable []*sched.Thread, _ *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	if t := p.idle(runnable); t != nil {
		return t
	}
	for _, t := range runnable {
		if t.ID == p.who || p.last.conflicts(pending(t)) {
			p.priority[t.ID] = p.src.Uint64()
		}
	}
	t := highest(runnable, &p.priority)
	p.last, p.who = pending(t), t.ID
	return t
}
