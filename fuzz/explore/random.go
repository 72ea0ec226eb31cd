package explore

import (
	"math/rand/v2"

	"cohbench/core/sched"
)

// A Sampler is a picker that plays another random schedule after each Reset. It
// learns from one schedule to the next where several threads meet, and chooses
// only among steps that matter so; other steps are taken at once. So the same
// seeds in the same order give the same schedules. A [Recorder] keeps one.
type Sampler interface {
	sched.Picker
	Reset(seed uint64)
	// Forget forgets what was learnt, for another case. Reset comes next.
	Forget()
}

// Random picks everybody with equal probability at every step that matters.
type Random struct {
	dice
	learner
}

// NewRandom is a Random for one seed.
func NewRandom(seed uint64) *Random {
	p := &Random{}
	p.Reset(seed)
	return p
}

// Pick implements sched.Picker.
func (p *Random) Pick(runnable []*sched.Thread, _ *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	if t := p.idle(runnable); t != nil {
		return t
	}
	return runnable[p.below(len(runnable))]
}

// dice is the generator of a sampler: one that is cheap to seed.
type dice struct{ src rand.PCG }

// Reset implements Sampler.
func (d *dice) Reset(seed uint64) { d.src.Seed(seed, 0x9e3779b97f4a7c15) }

// below returns a number in [0, n), n much less than 1<<32, evenly enough.
func (d *dice) below(n int) int { return int(d.src.Uint64() >> 32 * uint64(n) >> 32) }

// learner knows which steps matter, as far as schedules have shown it.
type learner struct {
	sharing sharing
	memos   [MaxThreads]memo
}

// memo is whether a thread's next step matters. Most threads stand where they
// stood the last time somebody asked.
type memo struct {
	next    access
	version uint64 // of what is known
	meets   bool
}

// Forget implements Sampler.
func (l *learner) Forget() { l.sharing.forget() }

// idle returns a thread whose next step does not matter, or nil.
func (l *learner) idle(runnable []*sched.Thread) *sched.Thread {
	for _, t := range runnable {
		m := &l.memos[t.ID]
		if next := pending(t); m.version != l.sharing.version || m.next != next {
			m.meets = l.sharing.meets(t)
			m.next, m.version = next, l.sharing.version
		}
		if !m.meets {
			return t
		}
	}
	return nil
}

// Touch implements sched.Watcher.
func (l *learner) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	l.sharing.touch(t, access{loc, kind})
}
