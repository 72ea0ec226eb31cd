package core

import (
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// Task is one flow of control that does IO, as the kernel's task_struct: its
// thread, and the context that the page-fault handler reads. A task is used
// by one goroutine at a time.
type Task struct {
	*sched.Thread
	// MM is the address space that the task runs in, with its mmap_lock; nil
	// for none. It is set before the task does anything.
	MM *MM

	cpu mmu.CPU

	// faultsDisabled is task_struct.faults_disabled_mapping: the file whose
	// pagecache lock this task holds blocked while it pins a buffer. nil
	// outside that stretch, and under policies that do without it.
	faultsDisabled *AddressSpace
	// droppedLocks is its low bit: the fault handler had to let go of that
	// lock and has taken it again, so what was invalidated may be cached again.
	droppedLocks bool
	// nofault is set while the task must not fault: pagefault_disable.
	nofault bool

	Stats TaskStats
	// Blocked, if set, is told how long each direct IO of the task waited until
	// it had the cache blocked, in ns: 0 if it did not wait.
	Blocked func(ns int64)

	io      DirectIO // the direct IO under way: one at a time
	pins    []pinnedPage
	pinned  []byte // the contents of pins, aligned
	run     [writebackPages]*Page
	wb      []byte // the contents of run, aligned
	scratch []byte // one page, for writes from a mapping
}

// TaskStats counts what a task did since it began. The lock figures are in
// events; waits and wait times are in Thread.Waits.
type TaskStats struct {
	Adds        int64 // pagecache lock taken in the add (shared) state
	Blocks      int64 // pagecache lock taken in the block (exclusive) state
	Drops       int64 // the fault handler cycled the locks of a direct write
	Retries     int64 // direct writes that pinned again, after a drop or after faulting their buffer in
	EFAULT      int64 // direct IOs that could not pin their buffer
	EBUSY       int64 // invalidations that met a dirty page
	Fallbacks   int64 // direct writes that became buffered
	PostFails   int64 // invalidations after the IO that failed: the kernel's "possible data corruption"
	Exposures   int64 // direct writes during which another task tried to add an overlapping page
	Faults      int64 // page faults handled
	Fills       int64 // pages read into the cache
	Mkwrites    int64 // pages made writable for a mapping
	Writebacks  int64 // pages written back
	Invalidated int64 // pages removed from the cache
}

// Merge adds o to s.
func (s *TaskStats) Merge(o *TaskStats) {
	s.Adds += o.Adds
	s.Blocks += o.Blocks
	s.Drops += o.Drops
	s.Retries += o.Retries
	s.EFAULT += o.EFAULT
	s.EBUSY += o.EBUSY
	s.Fallbacks += o.Fallbacks
	s.PostFails += o.PostFails
	s.Exposures += o.Exposures
	s.Faults += o.Faults
	s.Fills += o.Fills
	s.Mkwrites += o.Mkwrites
	s.Writebacks += o.Writebacks
	s.Invalidated += o.Invalidated
}

// NewTask makes a task of a thread.
func NewTask(t *sched.Thread) *Task {
	k := &Task{Thread: t}
	k.cpu = mmu.CPU{Thread: t, Task: k}
	return k
}

// wbBuffer is the task's bounce buffer for the pages of one writeback.
func (t *Task) wbBuffer() []byte {
	if t.wb == nil {
		t.wb = disk.Block(writebackPages * PageSize)
	}
	return t.wb
}

// pinBuffer is the task's bounce buffer for the contents of pinned pages.
func (t *Task) pinBuffer(n int) []byte {
	if cap(t.pinned) < n {
		t.pinned = disk.Block(n)
	}
	return t.pinned[:n]
}

func (t *Task) scratchPage() []byte {
	if t.scratch == nil {
		t.scratch = make([]byte, PageSize)
	}
	return t.scratch
}

// Add takes the pagecache lock of m in the add state.
func (t *Task) Add(m *AddressSpace) error {
	t.Stats.Adds++
	if err := m.pagecache.Add(t.Thread); err != nil {
		return err
	}
	t.Hold(m.pagecache.Object(), sched.Add)
	return nil
}

// Unadd gives it back.
func (t *Task) Unadd(m *AddressSpace) {
	t.Release(m.pagecache.Object(), sched.Add)
	m.pagecache.Unadd(t.Thread)
}

// tryAdd takes it only if that needs no waiting.
func (t *Task) tryAdd(m *AddressSpace) bool {
	if !m.pagecache.TryAdd(t.Thread) {
		return false
	}
	t.Stats.Adds++
	t.Hold(m.pagecache.Object(), sched.Add)
	return true
}

// Block takes the pagecache lock of m in the block state.
func (t *Task) Block(m *AddressSpace) error {
	t.Stats.Blocks++
	if err := m.pagecache.Block(t.Thread); err != nil {
		return err
	}
	t.Hold(m.pagecache.Object(), sched.Block)
	return nil
}

// Unblock gives it back.
func (t *Task) Unblock(m *AddressSpace) {
	t.Release(m.pagecache.Object(), sched.Block)
	m.pagecache.Unblock(t.Thread)
}

// LockInode takes i_rwsem of m.
func (t *Task) LockInode(m *AddressSpace, mode sched.Mode) error {
	lock := m.inode.DownWrite
	if mode == sched.Shared {
		lock = m.inode.DownRead
	}
	if err := lock(t.Thread); err != nil {
		return err
	}
	t.Hold(m.inode.Object(), mode)
	return nil
}

// UnlockInode gives it back.
func (t *Task) UnlockInode(m *AddressSpace, mode sched.Mode) {
	t.Release(m.inode.Object(), mode)
	if mode == sched.Shared {
		m.inode.UpRead(t.Thread)
	} else {
		m.inode.UpWrite(t.Thread)
	}
}
