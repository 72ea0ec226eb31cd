package coherence

import "cohbench/core"

// AddLock is bcachefs: the two-state lock, held in the add state at bcachefs'
// extent and in the block state by a direct write from before it invalidates
// until the data has landed; faults_disabled_mapping in the task breaks the
// recursion dio -> get_user_pages -> page fault -> the same lock.
//
// It closes every window between the invalidation and the end of the IO, for
// fills, faults and stores alike, and needs no invalidation afterwards. It
// leaves open: nothing in coherence for whole pages, but for splice, which adds
// without asking. In liveness, overlapping adders may keep a blocker out for
// ever, and the other way round; mmap_lock, which get_user_pages takes inside
// block and a fault outside add, and reflink, which blocks two caches, can
// close a circle (fuzz/litmus, H1, H4, H5 and H7).
var AddLock = &core.Policy{
	Name: "addlock",
	Doc: "bcachefs: two-state lock (many adders or many blockers) over whole buffered operations and faults; direct " +
		"writes block from before the invalidation until completion and overlap each other; faults_disabled_mapping in " +
		"the task breaks the recursion. Closes every window; leaves open starvation, as neither side is ever queued, and deadlocks" +
		" with a shared mmap_lock or a reflink.",
	Claims:         core.Claims{Coherent: true, DeadlockFree: true},
	Lock:           newTwoState,
	Hooks:          addLockHooks{},
	Before:         core.InvalidateLoop,
	Context:        core.InTask{},
	FlushReads:     true,
	BlockThenDrain: true,
}

type addLockHooks struct {
	bcachefsExtent
	blockThenDropInode
}

func newTwoState() core.PagecacheLock { return new(core.TwoStateLock) }
