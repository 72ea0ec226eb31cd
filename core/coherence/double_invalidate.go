package coherence

import "cohbench/core"

// DoubleInvalidate is generic Linux: invalidate before and after the IO, under
// no lock. Fills and mkwrite take invalidate_lock shared, truncate and punch
// exclusively, direct IO neither.
//
// It closes the window after the IO for pages that can be invalidated then.
// It leaves open the one from the invalidation before to the one after: a
// store through a mapping dirties the old page, the invalidation afterwards
// fails, and write-back puts the old page over the direct write.
var DoubleInvalidate = &core.Policy{
	Name: "double-invalidate",
	Doc: "the generic VFS: write back and invalidate before a direct write (a busy page makes it a buffered one), " +
		"invalidate again after it, no lock held in between. Closes the window for clean pages; a page dirtied during the " +
		"IO survives and overwrites the direct write later.",
	Lock:       newRWSem,
	Hooks:      unlockedHooks{},
	Before:     core.InvalidateOnce,
	After:      true,
	FlushReads: true,
}

// unlockedHooks leave direct IO out of the pagecache lock.
type unlockedHooks struct {
	vfsExtent
	sharedInode
}
