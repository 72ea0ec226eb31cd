package sched

// WaitQueue is where threads wait for a condition that anybody may make true
// (Linux: wait_queue_head_t with autoremove_wake_function). The zero value is
// empty. The loop:
//
//	for {
//		q.Prepare(t)
//		if condition() {
//			q.Finish(t)
//			return nil
//		}
//		if err := q.Sleep(t, object, mode); err != nil {
//			q.Finish(t)
//			return err
//		}
//	}
//
// Whoever makes the condition true calls WakeAll or WakeOne afterwards; the
// condition must be made of atomic variables, or guarded. A Sleep that fails
// has used up no wake-up.
type WaitQueue struct{ list WaitList }

// Prepare puts t into the queue; a wake-up from now on ends its next Sleep.
// It changes nothing if t is there already.
func (q *WaitQueue) Prepare(t *Thread) {
	q.list.Lock(t)
	if !q.list.Contains(t) {
		q.list.push(t, waitNode{})
	}
	q.list.Unlock(t)
}

// Sleep waits until t is woken since Prepare (nil), or its group is cancelled.
func (q *WaitQueue) Sleep(t *Thread, o *Object, want Mode) error {
	t.wanted = want
	err := q.list.Sleep(t, o, want)
	if err == nil {
		return nil
	}
	t.Yield(o.Loc(), KindLock)
	q.list.Lock(t)
	defer q.list.Unlock(t)
	if !q.list.Contains(t) {
		return nil // woken meanwhile: it must not be lost
	}
	q.list.Remove(t)
	return err
}

// Finish takes t out of the queue and ends its wait.
func (q *WaitQueue) Finish(t *Thread) {
	if t.state.Load()&stateMask == queued {
		q.list.Lock(t)
		if q.list.Contains(t) {
			q.list.Remove(t)
		}
		q.list.Unlock(t)
	}
	q.list.Done(t, t.wanted)
}

// WakeAll wakes everybody in the queue. It costs one load if nobody is.
func (q *WaitQueue) WakeAll(t *Thread) {
	if !q.list.Empty() {
		q.wake(t, 1<<30)
	}
}

// WakeOne wakes who has waited longest.
func (q *WaitQueue) WakeOne(t *Thread) {
	if !q.list.Empty() {
		q.wake(t, 1)
	}
}

// Empty reports whether nobody waits.
func (q *WaitQueue) Empty() bool { return q.list.Empty() }

func (q *WaitQueue) wake(t *Thread, most int) {
	var w WakeList
	q.list.Lock(t)
	for w.n < most && q.list.head != nil {
		q.list.Grant(q.list.head, &w)
	}
	q.list.Unlock(t)
	w.Wake(t)
}
