package sched

import (
	"fmt"
	"strings"
)

// lenient is how often a thread may spin, since somebody last got on, and
// look again as soon as anybody else has taken a step. After that it waits
// until everybody else has spun too, so that nobody is starved by those who
// spin in turns.
const lenient = 4

// Livelock is threads which spin, each looking again and again at what only
// another of them could change, although all others have had their turn each
// time. It is an error, so that it can be the cause of a Cancel.
type Livelock struct{ Spinning []Spinner }

// Spinner is one thread of a livelock.
type Spinner struct {
	Thread *Thread
	Op     string
	Loc    Loc // what it looks at
	Held   []Hold
}

func (s Spinner) String() string {
	b := s.Thread.Name
	if s.Op != "" {
		b += " (" + s.Op + ")"
	}
	for i, h := range s.Held {
		b += [2]string{", ", " holds "}[b2i(i == 0)] + h.String()
	}
	return fmt.Sprintf("%s spins on %#x", b, uint64(s.Loc))
}

// Error is one line; fmt prints it, not String.
func (l *Livelock) Error() string { return fmt.Sprintf("livelock of %d threads", len(l.Spinning)) }

// String is the whole report, one line per thread.
func (l *Livelock) String() string {
	var b strings.Builder
	b.WriteString(l.Error())
	for _, s := range l.Spinning {
		b.WriteString("\n  " + s.String())
	}
	return b.String()
}

// stepped is called when t comes to a yield point while somebody spins. It
// decides who may be picked, and returns t, or nil if it may not.
func (d *Determ) stepped(t *Thread, kind Kind) *Thread {
	d.readmit(t)
	if kind != KindSpin {
		return t
	}
	if t.spinEpoch != d.epoch {
		t.spinEpoch, t.spins = d.epoch, 0
	}
	t.spins++
	d.runnable, d.aside = remove(d.runnable, t), append(d.aside, t)
	if len(d.runnable) == 0 {
		d.round()
	}
	return nil
}

// readmit lets those who spin be picked again after a step of t: those who
// have not done so often.
func (d *Determ) readmit(t *Thread) {
	kept := d.aside[:0]
	for _, s := range d.aside {
		if s != t && s.spins <= lenient {
			d.runnable = insert(d.runnable, s)
		} else {
			kept = append(kept, s)
		}
	}
	d.aside = kept
	if len(d.runnable) == 0 && len(d.aside) > 0 {
		d.round()
	}
}

// round lets everybody who spins be picked again, after nobody else was left.
func (d *Determ) round() {
	if d.rounds++; d.rounds == d.cfg.Patience {
		d.cancel(d.livelock())
	}
	for _, s := range d.aside {
		d.runnable = insert(d.runnable, s)
	}
	d.aside = d.aside[:0]
}

func (d *Determ) livelock() *Livelock {
	l := &Livelock{}
	for _, t := range d.group.Threads() {
		for _, s := range d.aside {
			if s == t {
				l.Spinning = append(l.Spinning, Spinner{t, t.op, t.pending, t.Held()})
			}
		}
	}
	return l
}

// Progress implements Controller: somebody got on, and whoever spins may hope
// anew.
func (d *Determ) Progress(*Thread) {
	d.epoch++
	d.rounds = 0
}
