package coherence

import "cohbench/core"

// InvalidateLockWide is the rwsem of InvalidateLock at bcachefs' extent: the
// control that must deadlock by recursion.
//
// It locks what AddLock locks, and closes the same windows. It leaves open the
// recursion of add: a buffered read holds add while its copy faults and takes
// add again, and a direct write queued in between keeps it out.
var InvalidateLockWide = &core.Policy{
	Name: "invalidate-lock-wide",
	Doc: "control: invalidate-lock's rwsem over whole buffered operations and faults, as addlock holds its lock. A copy that " +
		"faults takes it again behind a queued direct write; must be caught as a deadlock.",
	Lock:       newRWSem,
	Hooks:      invalidateLockWideHooks{},
	Before:     core.InvalidateLoop,
	Context:    core.InTask{},
	FlushReads: true,
}

type invalidateLockWideHooks struct {
	bcachefsExtent
	sharedInodeAndBlock
}
