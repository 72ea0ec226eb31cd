package workloads

import (
	"fmt"
	"slices"
	"time"
)

// An openLoop is the schedule of one task whose class of operations has an
// offered rate: operations are due at times that no operation before them can
// put off, and their latency counts from there. One goroutine uses it.
//
// A closed loop waits for each operation before it begins the next, so while
// the system under test stalls it asks for nothing, and one slow operation
// stands for all that should have begun meanwhile (Tene's "coordinated
// omission").
type openLoop struct {
	op     Op
	kind   Arrival
	period float64 // ns from one operation of this task to its next, on average
	offset float64 // of this task among those that share the rate, in periods
	seed   uint64

	rounds  uint64
	next    arrivals // of those that have not begun
	seen    arrivals // of those that are not counted in waiting
	waiting int64    // due and not begun
	due     int64    // when the operation about to begin was due; 0: none
}

// quantum is the shortest sleep of a task that is idle. One whose operations
// are closer together does those that have become due in one go, up to a
// quantum late: waking up for each would cost more than most of them do.
const quantum = 250 * time.Microsecond

// newOpenLoop is the schedule of task i of n that do op together.
func newOpenLoop(p *Params, op Op, i, n int, seed uint64) *openLoop {
	return &openLoop{
		op: op, kind: p.Arrival, seed: seed,
		period: float64(n) * 1e9 / p.Rates[op], offset: float64(i) / float64(n),
	}
}

// restart begins the schedule of a round that began at the time from.
func (l *openLoop) restart(from int64) {
	l.rounds++
	l.next = newArrivals(l.kind, from, l.period, l.offset, l.seed+l.rounds)
	l.seen = newArrivals(l.kind, from, l.period, l.offset, l.seed+l.rounds)
	l.waiting, l.due = 0, 0
}

// await waits until the next operation is due and takes it on; false if the
// round ends before.
func (l *openLoop) await(c *Context) bool {
	late := l.late()
	idle := late < 0
	for late < 0 && !c.Done() {
		sleep(min(max(-late, l.shortest()), watchEvery))
		late = l.late()
	}
	if c.Done() {
		return false
	}
	s := &c.stats[l.op]
	if idle {
		recordIn(&s.generator, int64(late))
	}
	l.count(now())
	l.due = l.next.pop()
	l.waiting--
	s.begun++
	s.maxBacklog = max(s.maxBacklog, l.waiting)
	return true
}

// late is how long ago the next operation was due.
func (l *openLoop) late() time.Duration { return time.Duration(now() - int64(l.next.at)) }

// shortest is the least that is worth a sleep.
func (l *openLoop) shortest() time.Duration {
	if l.period < float64(quantum) {
		return quantum
	}
	return 0
}

// count counts the operations that have become due by a time.
func (l *openLoop) count(by int64) {
	for int64(l.seen.at) <= by {
		l.seen.pop()
		l.waiting++
	}
}

// finish counts what was due and had not begun when the window ended, each
// with the time that it had waited: to leave them out would be to measure only
// what was served.
func (l *openLoop) finish(c *Context, ended int64) {
	s := &c.stats[l.op]
	for int64(l.next.at) <= ended {
		s.unserved++
		s.record(ended - l.next.pop())
	}
}

// Next waits until the next operation is due: by the rate at which op is
// offered, or else pace after the one before, or, with a pace of 0, at once. It
// reports false when the round is over. What follows it must begin with op.
func (c *Context) Next(op Op, pace time.Duration) bool {
	if c.loop != nil && c.loop.op == op {
		return c.loop.await(c)
	}
	if pace > 0 {
		c.stats[op].pace = float64(time.Second) / float64(pace)
	}
	c.Pace(op, pace)
	return !c.Done()
}

// takeDue is when the operation that begins or ends was due; 0: as soon as it
// began.
func (c *Context) takeDue(op Op) int64 {
	if c.loop == nil || c.loop.op != op {
		return 0
	}
	due := c.loop.due
	c.loop.due = 0
	return due
}

// classes is the classes of a workload's tasks that can be offered at a rate.
func (w *Workload) classes(p Params) []Op {
	var list []Op
	for _, r := range w.Roles(p) {
		if r.Paced && !slices.Contains(list, r.Class) {
			list = append(list, r.Class)
		}
	}
	return list
}

// Primary is the class of the workload's first role, if it can be offered at a
// rate.
func (w *Workload) Primary(p Params) (Op, bool) {
	r := w.Roles(p)[0]
	return r.Class, r.Paced
}

// checkRates refuses a rate for a class that no task of w does on a schedule.
func (w *Workload) checkRates(p Params) error {
	can := w.classes(p)
	for op, rate := range p.Rates {
		switch {
		case rate == 0 || slices.Contains(can, Op(op)):
		case can == nil:
			return fmt.Errorf("%s: rate of %s: its tasks do several operations in turn, none of them on a schedule", w.Name, Op(op))
		default:
			return fmt.Errorf("%s: rate of %s: want a rate of %v", w.Name, Op(op), can)
		}
	}
	return nil
}

// sharers is how many tasks of w share the rate of a class.
func (w *Workload) sharers(p Params, op Op) (n int) {
	for _, r := range w.Roles(p) {
		if r.Paced && r.Class == op {
			n += r.Threads
		}
	}
	return n
}
