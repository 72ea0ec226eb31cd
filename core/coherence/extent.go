// Package coherence is the coherence policies, one small file each. [All]
// lists them in display order, [Engines] as engines, with "raw" before them.
//
// A policy is made of three independent parts: which lock (two-state or
// rwsem), how long it is held (this file), and what a direct write takes
// (direct.go). "Coherent" is claimed for direct IO of whole pages: a direct
// read into a mapping of a page beside a sub-page direct write to the same
// page loses data under every policy, because invalidation ignores pins.
package coherence

import "cohbench/core"

// noHooks takes nothing; extents embed it and add what they bracket.
type noHooks struct{}

func (noHooks) BeginBuffered(*core.Task, *core.AddressSpace) error { return nil }
func (noHooks) EndBuffered(*core.Task, *core.AddressSpace)         {}
func (noHooks) BeginFill(*core.Task, *core.AddressSpace) error     { return nil }
func (noHooks) EndFill(*core.Task, *core.AddressSpace)             {}

// BeginReadahead lets readahead fill what it could create.
func (noHooks) BeginReadahead(*core.Task, *core.AddressSpace) (bool, error) { return true, nil }
func (noHooks) EndReadahead(*core.Task, *core.AddressSpace)                 {}

func (noHooks) BeginFault(*core.Task, *core.AddressSpace) error { return nil }
func (noHooks) EndFault(*core.Task, *core.AddressSpace)         {}

// BeginMkwrite and EndMkwrite, and the ones for truncate, are the same at both
// extents.
func (noHooks) BeginMkwrite(t *core.Task, m *core.AddressSpace) error { return t.Add(m) }
func (noHooks) EndMkwrite(t *core.Task, m *core.AddressSpace)         { t.Unadd(m) }

func (noHooks) BeginTruncate(t *core.Task, m *core.AddressSpace) error { return t.Block(m) }
func (noHooks) EndTruncate(t *core.Task, m *core.AddressSpace)         { t.Unblock(m) }

// bcachefsExtent holds add as bcachefs does: over a whole buffered operation,
// its copy and the faults of that copy included, and over a whole page fault.
// So add is taken recursively: only a lock that lets an adder in while a
// blocker waits survives that (an rwsem here deadlocks).
type bcachefsExtent struct{ noHooks }

func (bcachefsExtent) BeginBuffered(t *core.Task, m *core.AddressSpace) error { return t.Add(m) }
func (bcachefsExtent) EndBuffered(t *core.Task, m *core.AddressSpace)         { t.Unadd(m) }

// BeginReadahead has the new pages locked already, so add is only tried.
func (bcachefsExtent) BeginReadahead(t *core.Task, m *core.AddressSpace) (bool, error) {
	return t.AddForReadahead(m)
}
func (bcachefsExtent) EndReadahead(t *core.Task, m *core.AddressSpace) { t.Unadd(m) }

func (bcachefsExtent) BeginFault(t *core.Task, m *core.AddressSpace) error { return t.AddForFault(m) }
func (bcachefsExtent) EndFault(t *core.Task, m *core.AddressSpace)         { t.Unadd(m) }

// vfsExtent holds the lock as the VFS holds invalidate_lock: only while a page
// is created or read, never across a copy. A hit in the cache takes nothing.
type vfsExtent struct{ noHooks }

func (vfsExtent) BeginFill(t *core.Task, m *core.AddressSpace) error { return t.AddForFault(m) }
func (vfsExtent) EndFill(t *core.Task, m *core.AddressSpace)         { t.Unadd(m) }
