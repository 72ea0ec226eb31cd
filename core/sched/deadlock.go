package sched

import (
	"errors"
	"fmt"
	"strings"
)

// publication is what a thread says of itself when it goes to sleep.
type publication struct {
	state uint64 // the state in which it is valid
	list  *WaitList
	fifo  bool
	wants Hold
	op    string
	held  [MaxHolds]Hold
	nheld int
}

func (t *Thread) publish(l *WaitList, wants Hold, state uint64) {
	t.pubMu.Lock()
	defer t.pubMu.Unlock()
	p := &t.pub
	p.state, p.list, p.fifo, p.wants, p.op = state, l, t.node.fifo, wants, t.op
	p.nheld = min(t.nheld, MaxHolds)
	copy(p.held[:p.nheld], t.held[:p.nheld])
}

// Blocked is one thread of a deadlock.
type Blocked struct {
	Thread   *Thread
	Op       string
	Held     []Hold
	Wants    Hold
	WaitsFor []*Thread // those of the deadlock that keep it from what it wants
}

func (b Blocked) String() string {
	var s strings.Builder
	s.WriteString(b.Thread.Name)
	if b.Op != "" {
		fmt.Fprintf(&s, " (%s)", b.Op)
	}
	for i, h := range b.Held {
		s.WriteString([2]string{", ", " holds "}[b2i(i == 0)] + h.String())
	}
	fmt.Fprintf(&s, " wants %s, waits for", b.Wants)
	for i, t := range b.WaitsFor {
		s.WriteString([2]string{", ", " "}[b2i(i == 0)] + t.Name)
	}
	if len(b.WaitsFor) == 0 {
		s.WriteString(" a wake-up that nobody can give")
	}
	return s.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Deadlock is threads which sleep, each waiting for another of them. It is
// an error, so that it can be the cause of a Cancel.
type Deadlock struct{ Blocked []Blocked }

// Error is one line; fmt prints it, not String.
func (d *Deadlock) Error() string {
	return fmt.Sprintf("deadlock of %d threads", len(d.Blocked))
}

// String is the whole report, one line per thread.
func (d *Deadlock) String() string {
	var s strings.Builder
	s.WriteString(d.Error())
	for _, b := range d.Blocked {
		s.WriteString("\n  " + b.String())
	}
	return s.String()
}

// Deadlock returns the deadlock among the group's threads, or the one for
// which the group was cancelled; nil when there is none.
//
// It is exact for real threads: it reports threads that were all asleep at one
// moment, each wanting an object which another of them held in a conflicting
// mode, or, in a WaitList, behind a head that wants it in a conflicting mode.
// None of them can ever be woken to any effect, provided that a thread's list
// of holds names only what nobody else will release. Whoever waits for a
// thread that runs, or for a holder that is on nobody's list, is not reported.
func (g *Group) Deadlock() *Deadlock {
	if c := g.cancel.Load(); c != nil {
		var d *Deadlock
		errors.As(c.Cause, &d)
		return d
	}
	s := g.sleepers()
	s.waits()
	return s.confirm()
}

// confirm reports those who wait for each other and have slept since the
// sample was taken. What was read then is true of one moment, that of the
// call, for all of them.
func (s *sleepers) confirm() *Deadlock {
	s.keep(func(i int) bool { return s.threads[i].state.Load() == s.pubs[i].state })
	if s.empty() {
		return nil
	}
	return s.report()
}

// sleepers is a sample of the threads that are asleep, and who of them waits
// for whom.
type sleepers struct {
	threads []*Thread
	pubs    []publication
	edges   [][]int // from a waiter to those it waits for
	alive   []bool  // still a member of the set that may be deadlocked
}

// sleepers samples those of the group who are asleep. A publication may be
// of a later sleep than the one seen: its thread has looked at its condition
// for the last time then, so that it is as good as asleep if it stays so.
func (g *Group) sleepers() *sleepers {
	s := &sleepers{}
	for _, t := range g.Threads() {
		if t.state.Load()&stateMask != asleep {
			continue
		}
		t.pubMu.Lock()
		s.threads, s.pubs = append(s.threads, t), append(s.pubs, t.pub)
		t.pubMu.Unlock()
	}
	s.edges = make([][]int, len(s.threads))
	s.alive = make([]bool, len(s.threads))
	for i := range s.alive {
		s.alive[i] = true
	}
	return s
}

// waits finds the edges.
func (s *sleepers) waits() {
	holders := map[*Object][]int{}
	for i := range s.pubs {
		p := &s.pubs[i]
		for _, h := range p.held[:p.nheld] {
			if hs := holders[h.Object]; len(hs) == 0 || hs[len(hs)-1] != i {
				holders[h.Object] = append(hs, i)
			}
		}
	}
	for i := range s.pubs {
		wants := s.pubs[i].wants
		for _, j := range holders[wants.Object] {
			if s.pubs[j].excludes(wants) {
				s.edges[i] = append(s.edges[i], j)
			}
		}
		if j := s.behind(i); j >= 0 && len(s.edges[i]) == 0 {
			s.edges[i] = append(s.edges[i], j)
		}
	}
}

// excludes reports whether the thread holds what keeps others from wants.
func (p *publication) excludes(wants Hold) bool {
	for _, h := range p.held[:p.nheld] {
		if h.Object == wants.Object && Conflict(h.Mode, wants.Mode) {
			return true
		}
	}
	return false
}

// behind finds the head of the list in which i stands, if it is another and
// excludes i. The head alone decides: it is granted first, and together with
// it those, wherever they stand, that it does not exclude.
func (s *sleepers) behind(i int) int {
	p := &s.pubs[i]
	if !p.fifo {
		return -1
	}
	l := p.list
	l.Lock(s.threads[i])
	defer l.Unlock(s.threads[i])
	head, t := l.head, l.head
	for t != nil && t != s.threads[i] {
		t = t.node.next
	}
	if t == nil || t == head {
		return -1
	}
	for j := range s.threads {
		if s.threads[j] == head && Conflict(s.pubs[j].wants.Mode, p.wants.Mode) {
			return j
		}
	}
	return -1
}

// keep removes those who are not ok, then again and again those who wait for
// nobody that is left.
func (s *sleepers) keep(ok func(i int) bool) {
	for i := range s.threads {
		s.alive[i] = s.alive[i] && ok(i)
	}
	for again := true; again; {
		again = false
		for i := range s.threads {
			if s.alive[i] && !s.blocked(i) {
				s.alive[i], again = false, true
			}
		}
	}
}

func (s *sleepers) blocked(i int) bool {
	for _, j := range s.edges[i] {
		if s.alive[j] {
			return true
		}
	}
	return false
}

func (s *sleepers) empty() bool {
	for _, a := range s.alive {
		if a {
			return false
		}
	}
	return true
}

// report describes those who are left.
func (s *sleepers) report() *Deadlock {
	d := &Deadlock{}
	for i, t := range s.threads {
		if !s.alive[i] {
			continue
		}
		p := &s.pubs[i]
		b := Blocked{Thread: t, Op: p.op, Wants: p.wants, Held: append([]Hold(nil), p.held[:p.nheld]...)}
		for _, j := range s.edges[i] {
			if s.alive[j] {
				b.WaitsFor = append(b.WaitsFor, s.threads[j])
			}
		}
		d.Blocked = append(d.Blocked, b)
	}
	return d
}
