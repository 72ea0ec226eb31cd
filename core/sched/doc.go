// Package sched decides who runs next, and is the only place in core that
// blocks.
//
// A [Thread] is one flow of control of a case, a [Group] is the threads of one
// case. With real threads ([NewGroup]) they are goroutines and a yield point is
// a nil check. With a [Controller] every shared access, lock operation and IO
// step is a yield point at which it picks the thread that goes on; [Determ] is
// the deterministic one, where the threads are coroutines of one goroutine and
// a schedule is a list of choices.
//
// Locks are built on [WaitQueue] (everybody is woken and races, as Linux's
// wait_event) or [WaitList] (the lock hands itself over in order, as Linux's
// rwsem), and so work under both, can be cancelled, and are known to the
// wait-for graph: [Group.Deadlock].
//
// Lock order inside the package, outermost first:
//
//	Group.mu
//	    WaitList.mu        one at a time
//	        Thread.pubMu
package sched
