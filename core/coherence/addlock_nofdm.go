package coherence

import "cohbench/core"

// AddLockNoFDM is AddLock without the task context: the control that must
// deadlock.
//
// It locks what AddLock locks, and closes the same windows. It leaves open the
// recursion: a direct write whose buffer is a mapping of the same file, not
// resident, waits to add for itself; two writes from each other's mappings
// wait for each other.
var AddLockNoFDM = &core.Policy{
	Name: "addlock-nofdm",
	Doc: "control: addlock without faults_disabled_mapping. A direct write from a mapping of its own file, or two from " +
		"each other's, wait for themselves; must be caught as a deadlock.",
	Lock:           newTwoState,
	Hooks:          addLockHooks{},
	Before:         core.InvalidateLoop,
	FlushReads:     true,
	BlockThenDrain: true,
}
