package core

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// removing calls fn as truncate and punch run: the inode lock held
// exclusively, no direct IO in flight, and inside the policy's Truncate.
func (m *AddressSpace) removing(t *Task, fn func() error) error {
	if err := t.LockInode(m, sched.Exclusive); err != nil {
		return err
	}
	defer t.UnlockInode(m, sched.Exclusive)
	if err := t.drainDirect(m); err != nil {
		return err
	}
	if err := m.policy.Hooks.BeginTruncate(t, m); err != nil {
		return err
	}
	defer m.policy.Hooks.EndTruncate(t, m)
	return fn()
}

// roundUp is the size of the backing store for a file of size bytes: whole
// pages, because the disk is only read and written in whole sectors.
func roundUp(size int64) int64 { return (size + PageSize - 1) / PageSize * PageSize }

// Truncate sets the size: mm/truncate.c: truncate_setsize, then the disk.
func (m *AddressSpace) Truncate(t *Task, size int64) error {
	t.Op("truncate")
	if size < 0 {
		return fmt.Errorf("truncate %s to %d bytes: negative", m, size)
	}
	return m.removing(t, func() error {
		if size > m.size.Load() {
			return m.lengthen(t, size)
		}
		return m.shorten(t, size)
	})
}

// shorten sets the size first, so that a page fault that comes after finds
// itself beyond the end, then drops the pages and the blocks.
func (m *AddressSpace) shorten(t *Task, size int64) error {
	m.setSize(t, size)
	if err := m.drop(t, pageRange{pagesOf(0, size).end, endOfPages}); err != nil {
		return err
	}
	if err := m.zero(t, size, roundUp(size)); err != nil {
		return err
	}
	if err := m.disk.Truncate(t.Thread, roundUp(size)); err != nil {
		return fmt.Errorf("truncate %s to %d bytes: %w: %w", m, size, ErrIO, err)
	}
	return nil
}

func (m *AddressSpace) lengthen(t *Task, size int64) error {
	if err := m.zeroGap(t, size); err != nil {
		return err
	}
	if err := m.disk.Truncate(t.Thread, roundUp(size)); err != nil {
		return fmt.Errorf("extend %s to %d bytes: %w: %w", m, size, ErrIO, err)
	}
	m.setSize(t, size)
	return nil
}

// zeroGap is called before the file grows to reach beyond off: what mappings
// stored between the end of the file and the end of its last page must read as
// zeros. Preconditions: the inode lock is held exclusively if the file ends
// before off.
func (m *AddressSpace) zeroGap(t *Task, off int64) error {
	size := m.size.Load()
	if off <= size || size%PageSize == 0 {
		return nil
	}
	return m.zero(t, size, roundUp(size))
}

// zero writes zeros through the cache to [from, to), which lies in one page.
func (m *AddressSpace) zero(t *Task, from, to int64) error {
	if from >= to {
		return nil
	}
	p, err := m.lockUptodate(t, PageIndex(from/PageSize))
	if err != nil {
		return err
	}
	m.setDirty(p)
	mmu.Clear(p.frame.Mem[from%PageSize:][:to-from])
	t.release(m, p)
	return nil
}

// PunchHole makes [off, off+n) read as zeros: fs/ext4/inode.c: ext4_punch_hole.
// It writes back first, so that an error loses nothing that it should keep.
func (m *AddressSpace) PunchHole(t *Task, off, n int64) error {
	t.Op("punch hole")
	if off < 0 || n <= 0 {
		return fmt.Errorf("punch [%#x, %#x) of %s: empty or negative range", off, off+n, m)
	}
	return m.removing(t, func() error { return m.punch(t, off, min(off+n, m.size.Load())) })
}

// ZeroRange implements ZeroRanger. It is PunchHole: whether blocks stay the
// file's, nothing here depends on.
func (m *AddressSpace) ZeroRange(t *Task, off, n int64) error {
	t.Op("zero range")
	if off < 0 || n <= 0 {
		return fmt.Errorf("zero [%#x, %#x) of %s: empty or negative range", off, off+n, m)
	}
	return m.removing(t, func() error { return m.punch(t, off, min(off+n, m.size.Load())) })
}

func (m *AddressSpace) punch(t *Task, off, end int64) error {
	if off >= end {
		return nil
	}
	if err := m.writeback(t, pagesOf(off, end-off)); err != nil {
		return err
	}
	first, last := roundUp(off), end/PageSize*PageSize // the whole pages
	if end == m.size.Load() {
		last = roundUp(end)
	}
	if first > last { // inside one page
		return m.zero(t, off, end)
	}
	if err := m.zero(t, off, first); err != nil {
		return err
	}
	if err := m.zero(t, last, end); err != nil {
		return err
	}
	if first == last {
		return nil
	}
	if err := m.drop(t, pagesOf(first, last-first)); err != nil {
		return err
	}
	if err := m.disk.PunchHole(t.Thread, first, last-first); err != nil {
		return fmt.Errorf("punch [%#x, %#x) of %s: %w: %w", off, end, m, ErrIO, err)
	}
	return nil
}
