package coherence

import "cohbench/core"

// PinFirst is AddLock with the recursion avoided instead of broken: a direct
// write pins its whole buffer before it takes any lock, so there is no task
// context, no dropped lock and no retry (Linus Torvalds' suggestion on the
// patch that added faults_disabled_mapping).
//
// It locks what AddLock locks, and closes the same windows: a page that was
// pinned and then invalidated is old, but no older than the beginning of the
// write. EFAULT is gone, a buffer that is the write's own target included. It
// leaves open what AddLock leaves open but for mmap_lock, which no pinning
// takes inside block any more; its price is a whole buffer pinned at once.
var PinFirst = &core.Policy{
	Name: "pin-first",
	Doc: "addlock, but a direct write pins its whole buffer before it locks anything: no task context, no EFAULT, no retry, " +
		"and mmap_lock outside block. Closes every window; leaves starvation open, and pins without limit.",
	Claims:         core.Claims{Coherent: true, DeadlockFree: true},
	Lock:           newTwoState,
	Hooks:          addLockHooks{},
	Before:         core.InvalidateLoop,
	Pin:            core.PinFirst,
	FlushReads:     true,
	BlockThenDrain: true,
}
