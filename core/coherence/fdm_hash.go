package coherence

import "cohbench/core"

// FDMHash is AddLock with the task context in a hash table of each file
// system instead of the task, as bcachefs has it since Linux 7.0.
//
// It locks what AddLock locks, and closes the same windows. It leaves open the
// recursion where the handler cannot find the entry: a buffer on another file
// system, or two tasks that store into the slot which both found free. With
// the table full a task waits for a slot while it holds block. So it does not
// claim to be free of deadlocks, nor, as an entry may name the wrong file,
// to be coherent.
var FDMHash = &core.Policy{
	Name: "fdm-hash",
	Doc: "addlock with the task context in a lockless hash table of the file system (bcachefs since Linux 7.0). Closes every " +
		"window; leaves open deadlocks between two file systems, and between tasks that meet in one slot of the table.",
	Lock:           newTwoState,
	Hooks:          addLockHooks{},
	Before:         core.InvalidateLoop,
	Context:        core.InFileSystem{},
	FileSystem:     func() *core.FileSystem { return core.NewFileSystem(0, core.FDMSlots) },
	FlushReads:     true,
	BlockThenDrain: true,
}
