package coherence

import "cohbench/core"

// InvalidateLock is the counterfactual of the VFS: direct writes take the
// write side of an rwsem like mapping->invalidate_lock, fills and mkwrite the
// read side, at the VFS' extent. (Linux's direct IO takes neither side.) The
// recursion is broken as in AddLock.
//
// It closes the same windows as AddLock. It leaves open: nothing in coherence;
// a queued writer keeps new readers out, so nobody starves; but direct writes
// to one file exclude each other, and mmap_lock is taken inside as in AddLock.
var InvalidateLock = &core.Policy{
	Name: "invalidate-lock",
	Doc: "rwsem in the style of mapping->invalidate_lock: direct writes take the write side for the whole IO, fills and " +
		"mkwrite the read side; recursion broken as in addlock. Closes every window; the price is that direct writes to " +
		"one file run one at a time.",
	Claims:     core.Claims{Coherent: true, DeadlockFree: true},
	Lock:       newRWSem,
	Hooks:      invalidateLockHooks{},
	Before:     core.InvalidateLoop,
	Context:    core.InTask{},
	FlushReads: true,
}

type invalidateLockHooks struct {
	vfsExtent
	sharedInodeAndBlock
}

func newRWSem() core.PagecacheLock { return new(core.RWSemLock) }
