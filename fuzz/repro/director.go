package repro

import (
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
)

// director is a picker that makes the model follow an order.
type director struct {
	events  []Event
	held    exec.OpRef
	submits int   // the submission before which the held IO is stopped; 0: none
	seen    int   // submissions of the held IO so far
	ended   []int // by task: operations that have
	waited  bool  // an operation had to wait for one that comes later
}

// newDirector makes a director that stops the held IO before the submission of
// that number, from 1, and again when it has completed; with 0 it does not stop
// it, and counts.
func newDirector(o *Order, submits int) *director {
	d := &director{events: o.Events, held: o.Held, submits: submits}
	for _, e := range o.Events {
		for len(d.ended) <= e.Task {
			d.ended = append(d.ended, 0)
		}
	}
	return d
}

// Pick implements sched.Picker.
func (d *director) Pick(runnable []*sched.Thread, _ *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	for len(d.events) > 0 && d.reached(find(runnable, d.events[0].Task), d.events[0]) {
		d.events = d.events[1:]
	}
	t := runnable[0]
	if len(d.events) > 0 {
		if t = find(runnable, d.events[0].Task); t == nil {
			d.waited = true
			return nil
		}
	}
	_, kind := t.Pending()
	switch kind {
	case sched.KindEnd:
		d.ended[t.ID]++
	case sched.KindSubmit:
		if t.ID == d.held.Task && d.ended[t.ID] == d.held.Op {
			d.seen++
		}
	case sched.KindSpin:
		d.waited = true
		return nil
	}
	return t
}

// reached reports whether a thread, nil if it cannot run, is where an event
// takes it.
func (d *director) reached(t *sched.Thread, e Event) bool {
	if d.ended[e.Task] > e.Op {
		return true
	}
	if t == nil || d.submits == 0 {
		return false
	}
	_, kind := t.Pending()
	switch e.Part {
	case Begin:
		return kind == sched.KindSubmit && d.seen == d.submits-1
	case Land:
		return kind == sched.KindComplete && d.seen == d.submits
	}
	return false
}

func find(list []*sched.Thread, id int) *sched.Thread {
	for _, t := range list {
		if t.ID == id {
			return t
		}
	}
	return nil
}
