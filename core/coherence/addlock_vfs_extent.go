package coherence

import "cohbench/core"

// AddLockVFSExtent is the two-state lock of AddLock, held in the add state only
// while a page is created or read and while one is made writable.
//
// It closes the same windows as AddLock: what was cached is gone after the
// invalidation, and nothing can be added until the IO is done. It leaves the
// same starvation open, but hits in the cache no longer hold up direct writes.
var AddLockVFSExtent = &core.Policy{
	Name: "addlock-vfs-extent",
	Doc: "addlock's lock and direct writes, but add is held only while a page is created, read or made writable, as the " +
		"VFS holds invalidate_lock; hits take no lock. Closes every window; leaves starvation open.",
	Claims:         core.Claims{Coherent: true, DeadlockFree: true},
	Lock:           newTwoState,
	Hooks:          addLockVFSHooks{},
	Before:         core.InvalidateLoop,
	Context:        core.InTask{},
	FlushReads:     true,
	BlockThenDrain: true,
}

type addLockVFSHooks struct {
	vfsExtent
	blockThenDropInode
}
