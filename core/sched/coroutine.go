package sched

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// PanicError is a panic in a thread of a deterministic group.
type PanicError struct {
	Thread *Thread
	Value  any
	Stack  []byte // of the thread, when it panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in %s: %v", e.Thread.Name, e.Value) }

// task is the coroutine of a thread. It runs one function after another.
type task struct {
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	fn     func(t *Thread)
	state  taskState
}

type taskState uint8

const (
	taskIdle  taskState = iota // waits for a function
	taskReady                  // has one that was not started
	taskBusy                   // is in it
	taskDead                   // the coroutine itself has ended
)

// stopped is the panic that unwinds a function which is not wanted any more.
type stopped struct{}

// begin gives the thread's coroutine a function, and makes the coroutine if
// there is none.
func (t *Thread) begin(fn func(t *Thread)) {
	if t.idle == nil || t.idle.state == taskDead {
		t.idle = newTask(t)
	}
	t.task = t.idle
	t.task.fn, t.task.state = fn, taskReady
	t.pending, t.pendingOf = LocLocal, KindNone
}

func newTask(t *Thread) *task {
	k := &task{}
	k.resume, k.stop = iter.Pull(func(yield func(struct{}) bool) {
		k.yield = yield
		defer func() { k.state = taskDead }()
		for {
			t.runTask(k)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return k
}

// runTask runs the task's function to its end.
func (t *Thread) runTask(k *task) {
	defer t.endTask(k)
	k.state = taskBusy
	k.fn(t)
}

// endTask runs last, however the function ended.
func (t *Thread) endTask(k *task) {
	d := t.ctl.(*Determ)
	switch r := recover(); r {
	case nil, stopped{}:
	default:
		d.cancel(&PanicError{t, r, debug.Stack()})
	}
	k.fn, k.state = nil, taskIdle
	d.live--
	d.runnable = remove(d.runnable, t)
	d.Progress(t)
}

// unwind ends the function where it is. Preconditions: Determ.limit < 0.
func (k *task) unwind() {
	for k.state == taskBusy {
		k.resume()
	}
	if k.state == taskReady {
		k.fn, k.state = nil, taskIdle
	}
}
