package core

import (
	"fmt"

	"cohbench/core/disk"
	"cohbench/core/sched"
)

// Reflink makes n bytes of m at off what src holds at srcOff: fs/remap_range.c:
// vfs_clone_file_range, fs/bcachefs/fs-io.c: bch2_remap_file_range. Sharing the
// blocks is copying them here: what matters is what is locked meanwhile.
func (m *AddressSpace) Reflink(t *Task, off int64, src File, srcOff, n int64) error {
	t.Op("reflink")
	from, ok := src.(*AddressSpace)
	switch {
	case !ok:
		return fmt.Errorf("reflink to %s: %w", m, &UnsupportedError{Feature: "reflink between engines", Why: "each has a disk of its own"})
	case (off|srcOff|n)%PageSize != 0 || off < 0 || srcOff < 0 || n <= 0:
		return fmt.Errorf("reflink [%#x, %#x) of %s: %w: not whole pages", off, off+n, m, ErrAlign)
	}
	r := remap{first: m, second: from}
	if from.id < m.id {
		r.first, r.second = from, m
	}
	if err := r.lock(t); err != nil {
		r.unlock(t)
		return err
	}
	defer r.unlock(t)
	if srcOff+n > from.size.Load() {
		return fmt.Errorf("reflink from [%#x, %#x) of %s: %w: beyond its end", srcOff, srcOff+n, from, ErrAlign)
	}
	return m.remapFrom(t, off, from, srcOff, n)
}

// remapFrom is Reflink inside its locks.
func (m *AddressSpace) remapFrom(t *Task, off int64, from *AddressSpace, srcOff, n int64) error {
	if err := from.writeback(t, pagesOf(srcOff, n)); err != nil {
		return err
	}
	if err := m.zeroGap(t, off); err != nil {
		return err
	}
	if err := m.writeback(t, pagesOf(off, n)); err != nil {
		return err
	}
	if err := m.drop(t, pagesOf(off, n)); err != nil {
		return err
	}
	if err := m.copyBlocks(t, off, from, srcOff, n); err != nil {
		return fmt.Errorf("reflink [%#x, %#x) of %s: %w: %w", off, off+n, m, ErrIO, err)
	}
	m.extend(t, off+n)
	return nil
}

func (m *AddressSpace) copyBlocks(t *Task, off int64, from *AddressSpace, srcOff, n int64) error {
	buf := disk.Block(int(min(n, writebackPages*PageSize)))
	for done := int64(0); done < n; {
		k := min(n-done, int64(len(buf)))
		if err := from.disk.ReadAt(t.Thread, buf[:k], srcOff+done); err != nil {
			return err
		}
		if _, err := m.disk.WriteAt(t.Thread, buf[:k], off+done); err != nil {
			return err
		}
		done += k
	}
	return nil
}

// remap is the locks of a reflink: of both files, the inode lock and the
// pagecache lock, in the order of the files. They may be one file.
type remap struct {
	first, second  *AddressSpace
	inodes, caches int // how many are held
}

func (r *remap) file(i int) *AddressSpace {
	if i == 0 {
		return r.first
	}
	return r.second
}

func (r *remap) files() int {
	if r.first == r.second {
		return 1
	}
	return 2
}

// lock takes both inode locks, and then blocks both caches and waits until no
// direct IO is in flight, in the order that the policy has.
func (r *remap) lock(t *Task) error {
	for range r.files() {
		if err := t.LockInode(r.file(r.inodes), sched.Exclusive); err != nil {
			return err
		}
		r.inodes++
	}
	steps := [2]func(*Task) error{r.drain, r.block}
	if r.first.policy.BlockThenDrain {
		steps = [2]func(*Task) error{r.block, r.drain}
	}
	for _, step := range steps {
		if err := step(t); err != nil {
			return err
		}
	}
	return nil
}

func (r *remap) drain(t *Task) error {
	for i := range r.files() {
		if err := t.drainDirect(r.file(i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *remap) block(t *Task) error {
	for range r.files() {
		m := r.file(r.caches)
		if err := m.policy.Hooks.BeginTruncate(t, m); err != nil {
			return err
		}
		r.caches++
	}
	return nil
}

// unlock releases what is held.
func (r *remap) unlock(t *Task) {
	for ; r.caches > 0; r.caches-- {
		m := r.file(r.caches - 1)
		m.policy.Hooks.EndTruncate(t, m)
	}
	for ; r.inodes > 0; r.inodes-- {
		t.UnlockInode(r.file(r.inodes-1), sched.Exclusive)
	}
}
