package sched

import (
	"sync/atomic"
)

// WaitList is threads in the order in which they came, for a lock that decides
// itself whom it wakes and whom it grants what (Linux: the wait_list and
// wait_lock of an rw_semaphore). Where everybody is woken and races, WaitQueue
// is simpler. The zero value is empty.
//
// Whoever waits: Lock, Push, Unlock; then, until its condition holds: Sleep,
// and Rearm if it may sleep again while it is in the list. Whoever wakes:
// Lock, Grant or Nudge, Unlock, WakeList.Wake.
type WaitList struct {
	mu SpinLock
	n  atomic.Int32 // threads in the list; written under mu

	head, tail *Thread // guarded by mu
}

// waitNode is a thread's place in a list: it waits in one at a time.
type waitNode struct {
	list       *WaitList
	next, prev *Thread
	want       Mode
	fifo       bool  // in a WaitList: goes by order
	deadline   int64 // for the lock's use
	favored    bool  // for the lock's use

	wake *Thread // next in a WakeList
}

// Lock guards the list, and what its lock wants to change together with it.
func (l *WaitList) Lock(t *Thread)   { l.mu.Lock(t) }
func (l *WaitList) Unlock(t *Thread) { l.mu.Unlock(t) }

// Empty may be called without the lock.
func (l *WaitList) Empty() bool { return l.n.Load() == 0 }

// First is who came first; nil in an empty list.
//
// Preconditions: l is locked; so for all methods below but Sleep and Done.
func (l *WaitList) First() *Thread { return l.head }

// Next is who came after t.
func (l *WaitList) Next(t *Thread) *Thread { return t.node.next }

// Wants is the mode with which t was pushed.
func (l *WaitList) Wants(t *Thread) Mode { return t.node.want }

// Deadline is the time with which t was pushed. What happens then is up to
// the lock: a Sleep does not end for it.
func (l *WaitList) Deadline(t *Thread) int64 { return t.node.deadline }

// Favor marks t as the one for whom others have to stand back, as long as it
// is in the list; Favored tells.
func (l *WaitList) Favor(t *Thread)        { t.node.favored = true }
func (l *WaitList) Favored(t *Thread) bool { return t.node.favored }

// Contains reports whether t is in the list.
func (l *WaitList) Contains(t *Thread) bool { return t.node.list == l }

// Push appends t, which is about to sleep.
func (l *WaitList) Push(t *Thread, want Mode, deadline int64) {
	l.push(t, waitNode{want: want, fifo: true, deadline: deadline})
}

func (l *WaitList) push(t *Thread, n waitNode) {
	n.list, n.prev = l, l.tail
	t.node = n
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.node.next = t
	}
	l.tail = t
	l.n.Add(1)
	l.Rearm(t)
}

// Rearm says that t, in the list, checks its condition once more and will
// sleep if it does not hold; a wake-up from now on keeps it awake.
func (l *WaitList) Rearm(t *Thread) { t.state.Store(t.state.Load()&^stateMask | queued) }

// Remove takes t, the caller, out of the list.
func (l *WaitList) Remove(t *Thread) {
	l.unlink(t)
	t.state.Store(t.state.Load()&^stateMask | running)
}

func (l *WaitList) unlink(t *Thread) {
	n := &t.node
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.node.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.node.prev = n.prev
	}
	n.list, n.next, n.prev = nil, nil, nil
	l.n.Add(-1)
}

// Grant takes t out of the list and has it woken.
func (l *WaitList) Grant(t *Thread, w *WakeList) {
	l.unlink(t)
	l.Nudge(t, w)
}

// Nudge has t woken; it keeps its place.
func (l *WaitList) Nudge(t *Thread, w *WakeList) {
	switch t.move(woken, queued, asleep, canceled) {
	case asleep:
		w.push(t)
	case queued, canceled:
		w.n++
	}
}

// Sleep waits until t is woken (nil) or its group is cancelled. It returns at
// once if t was woken since Push or Rearm. After an error t keeps its place,
// and may be woken still: the caller locks the list and looks.
func (l *WaitList) Sleep(t *Thread, o *Object, want Mode) error {
	s := t.state.Load()
	if s&stateMask != queued {
		return nil
	}
	if err := t.Err(); err != nil {
		return err
	}
	s2 := (s>>stateBits+1)<<stateBits | asleep
	t.publish(l, Hold{o, want}, s2)
	if t.waitFrom == 0 {
		t.waitFrom = t.Now() + 1
	}
	if !t.state.CompareAndSwap(s, s2) {
		return nil
	}
	// Cancel either saw us asleep or is seen here.
	if err := t.Err(); err != nil && t.move(queued, asleep) == asleep {
		return err
	}
	t.park()
	if t.move(queued, canceled) == canceled {
		return t.Err()
	}
	return nil
}

// Done ends a wait and counts it as one for mode; without a Sleep before it,
// it does nothing.
func (l *WaitList) Done(t *Thread, mode Mode) {
	if t.waitFrom != 0 {
		t.Waits[mode].add(t.Now() + 1 - t.waitFrom)
		t.waitFrom = 0
	}
}

// WakeList is threads to be woken once the list is unlocked (Linux: wake_q).
// They are asleep until then, so that each can be its own link.
type WakeList struct {
	head, tail *Thread
	n          int // those who were still awake included
}

func (w *WakeList) push(t *Thread) {
	if w.tail == nil {
		w.head = t
	} else {
		w.tail.node.wake = t
	}
	w.tail = t
	w.n++
}

// Wake wakes them on behalf of by, whose statistics it goes into.
func (w *WakeList) Wake(by *Thread) {
	if w.n == 0 {
		return
	}
	by.Wake.add(w.n)
	for t := w.head; t != nil; {
		next := t.node.wake
		t.node.wake = nil
		t.ready()
		t = next
	}
	*w = WakeList{}
}
