package coherence

import "cohbench/core"

// FaultInAndRetry is AddLock with the scheme of gfs2 and btrfs for the
// recursion: under its locks a direct write pins with page faults disabled.
// Where a page is missing it lets go of all its locks, faults the buffer in,
// and starts again with what is left; without progress that becomes a
// buffered write (btrfs_direct_write; gfs2 would try for ever).
//
// It locks what AddLock locks, and closes the same windows; what was written
// before a pass ended was written under the locks, and each pass invalidates
// anew. It leaves open what AddLock leaves open, and a buffer that is the
// write's own target always goes through the cache. Pinning still takes
// mmap_lock inside block.
var FaultInAndRetry = &core.Policy{
	Name: "fault-in-and-retry",
	Doc: "addlock, but a direct write pins with page faults disabled (gfs2, btrfs); on EFAULT it drops all locks, faults the " +
		"buffer in and goes on, without progress through the cache. Closes every window; leaves starvation open.",
	Claims:         core.Claims{Coherent: true, DeadlockFree: true},
	Lock:           newTwoState,
	Hooks:          addLockHooks{},
	Before:         core.InvalidateLoop,
	Pin:            core.PinNoFault,
	FlushReads:     true,
	BlockThenDrain: true,
}
