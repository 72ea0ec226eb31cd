package core

import (
	"errors"
	"fmt"

	"cohbench/core/sched"
)

// DirectIO is one direct read or write under way, and what it holds.
type DirectIO struct {
	Off   int64 // first byte
	N     int64 // bytes
	Write bool
	// Extending says that the write ends beyond the end of the file. It is
	// known once LockInode has returned.
	Extending bool

	inodeMode sched.Mode
	inode     bool // holds the inode lock in inodeMode
	counted   bool // is counted as in flight
	blocked   bool // holds the cache blocked
}

// LockInode takes the inode lock: in mode for reads and for writes inside the
// file, exclusively for extending writes.
func (d *DirectIO) LockInode(t *Task, m *AddressSpace, mode sched.Mode) error {
	for {
		if err := t.LockInode(m, mode); err != nil {
			return err
		}
		d.inode, d.inodeMode = true, mode
		d.Extending = d.Write && d.Off+d.N > m.size.Load()
		if !d.Extending || mode == sched.Exclusive {
			return nil
		}
		d.UnlockInode(t, m)
		mode = sched.Exclusive
	}
}

// UnlockInode gives the inode lock back before the IO is done, as bcachefs
// does for writes inside the file.
func (d *DirectIO) UnlockInode(t *Task, m *AddressSpace) {
	d.inode = false
	t.UnlockInode(m, d.inodeMode)
}

// Count adds the IO to those in flight, for which truncate and punch wait:
// inode_dio_begin. It is no step of its own: those who wait hold the inode lock
// exclusively, so it is ordered with them already.
//
// Preconditions: the inode lock is held.
func (d *DirectIO) Count(t *Task, m *AddressSpace) {
	t.Hold(&m.directObj, sched.InFlight)
	m.direct.Add(1)
	d.counted = true
}

// Block keeps everybody from adding pages until the IO is done.
func (d *DirectIO) Block(t *Task, m *AddressSpace) error {
	waited := t.Waits[sched.Block].Ns
	if err := t.Block(m); err != nil {
		return err
	}
	d.blocked = true
	if t.Blocked != nil {
		t.Blocked(t.Waits[sched.Block].Ns - waited)
	}
	return nil
}

func (d *DirectIO) unblock(t *Task, m *AddressSpace) {
	d.blocked = false
	t.Unblock(m)
}

// finish releases what is held, in the order opposite to the taking.
func (d *DirectIO) finish(t *Task, m *AddressSpace) {
	if d.blocked {
		d.unblock(t, m)
	}
	if d.counted {
		d.counted = false
		t.Yield(m.directObj.Loc(), sched.KindUnlock)
		t.Release(&m.directObj, sched.InFlight)
		if m.direct.Add(-1) == 0 {
			m.directWait.WakeAll(t.Thread)
		}
	}
	if d.inode {
		d.UnlockInode(t, m)
	}
}

// drainDirect waits until no direct IO is in flight: inode_dio_wait.
// Preconditions: the inode lock is held exclusively, so that none begins.
func (t *Task) drainDirect(m *AddressSpace) error {
	t.Yield(m.directObj.Loc(), sched.KindLock)
	for {
		m.directWait.Prepare(t.Thread)
		if m.direct.Load() == 0 {
			m.directWait.Finish(t.Thread)
			return nil
		}
		if err := m.directWait.Sleep(t.Thread, &m.directObj, sched.Drain); err != nil {
			m.directWait.Finish(t.Thread)
			return err
		}
		t.Yield(m.directObj.Loc(), sched.KindLock)
	}
}

// aligned refuses what the kernel refuses with EINVAL.
func (m *AddressSpace) aligned(b Buffer, off int64) error {
	a := m.disk.Align()
	if off%int64(a.Offset) == 0 && b.Size()%a.Offset == 0 && off >= 0 && b.Off%int64(a.Mem) == 0 {
		return nil
	}
	return fmt.Errorf("direct IO of [%#x, %#x) of %s: %w: offset and length go by %d bytes, memory by %d",
		off, off+int64(b.Size()), m, ErrAlign, a.Offset, a.Mem)
}

// beginDirect starts the task's direct IO and takes what the policy asks for.
func (m *AddressSpace) beginDirect(t *Task, b Buffer, off int64, write bool) (*DirectIO, error) {
	d := &t.io
	*d = DirectIO{Off: off, N: int64(b.Size()), Write: write}
	if err := m.aligned(b, off); err != nil {
		return nil, err
	}
	if err := m.policy.Hooks.BeginDirect(t, m, d); err != nil {
		d.finish(t, m)
		return nil, err
	}
	return d, nil
}

// WriteDirect is a write with O_DIRECT: fs/iomap/direct-io.c: __iomap_dio_rw
// and fs/bcachefs/fs-io-direct.c: bch2_direct_write, with the policy deciding
// which of the two it resembles. An error after some bytes have landed makes
// it a short write.
func (m *AddressSpace) WriteDirect(t *Task, b Buffer, off int64) (n int, err error) {
	t.Op("direct write")
	switch {
	case m.policy.Pin == PinFirst:
		n, err = m.writePinned(t, b, off)
	case m.policy.Pin == PinNoFault && b.Map != nil:
		n, err = m.writeNoFault(t, b, off)
	default:
		n, err = m.writeLocked(t, b, off)
	}
	if errors.Is(err, ErrFault) {
		t.Stats.EFAULT++
	}
	return n, err
}

// writeLocked takes the locks of a direct write and does it.
func (m *AddressSpace) writeLocked(t *Task, b Buffer, off int64) (int, error) {
	if m.opts.InvalidateFirst {
		if err := m.shootDown(t, pagesOf(off, int64(b.Size()))); err != nil {
			return 0, err
		}
	}
	d, err := m.beginDirect(t, b, off, true)
	if err != nil {
		return 0, err
	}
	m.exposed.begin(t.Thread, pagesOf(off, d.N))
	n, err := m.writeDirect(t, d, b)
	if m.exposed.end(t.Thread) {
		t.Stats.Exposures++
	}
	d.finish(t, m)
	if errors.Is(err, errNotDirect) {
		return m.fallBack(t, b, off)
	}
	return n, err
}

// errNotDirect is iomap's ENOTBLK: this write must go through the cache.
var errNotDirect = errors.New("cached pages could not be invalidated")

// writeDirect is WriteDirect inside its locks.
func (m *AddressSpace) writeDirect(t *Task, d *DirectIO, b Buffer) (int, error) {
	if err := m.zeroGap(t, d.Off); err != nil {
		return 0, err
	}
	if err := m.invalidateBefore(t, pagesOf(d.Off, d.N)); err != nil {
		return 0, err
	}
	n, err := m.submitAll(t, d, b)
	if d.Extending {
		m.extend(t, d.Off+int64(n))
	}
	if m.policy.After && n > 0 && err == nil && !m.empty(t) {
		if err := m.invalidateAfter(t, pagesOf(d.Off, d.N)); err != nil {
			return n, err
		}
	}
	return n, err
}

// invalidateBefore deals with the cached pages of the range before the IO.
func (m *AddressSpace) invalidateBefore(t *Task, r pageRange) error {
	switch {
	case m.policy.Before == InvalidateNever || m.opts.InvalidateFirst || m.empty(t):
		return nil
	case m.policy.Before == InvalidateLoop:
		return m.shootDown(t, r)
	}
	if err := m.writeback(t, r); err != nil {
		return err
	}
	busy, err := m.invalidate(t, r)
	if busy && err == nil {
		t.Stats.EBUSY++
		return errNotDirect
	}
	return err
}

// invalidateAfter is mm/filemap.c: kiocb_invalidate_post_direct_write. If it
// fails, "tough, the write still worked": the file gets an error.
func (m *AddressSpace) invalidateAfter(t *Task, r pageRange) error {
	busy, err := m.invalidate(t, r)
	if busy {
		t.Stats.PostFails++
		m.setError(t)
	}
	return err
}

// fallBack makes a direct write a buffered one, writes it back and tries to
// drop its pages, as ext4 does: fs/ext4/file.c: ext4_dio_write_iter.
func (m *AddressSpace) fallBack(t *Task, b Buffer, off int64) (int, error) {
	t.Stats.Fallbacks++
	n, err := m.WriteAt(t, b, off)
	if n == 0 {
		return n, err
	}
	if werr := m.writeback(t, pagesOf(off, int64(n))); werr != nil {
		return n, werr
	}
	if everr := m.Evict(t, off, int64(n)); everr != nil {
		return n, everr
	}
	return n, err
}

// submitAll pins and submits the buffer chunk by chunk, one in flight at a
// time. While it pins, the task says which file it holds blocked; if the fault
// handler dropped that lock, pages may be cached again from the first byte not
// yet submitted on, what was just pinned included.
func (m *AddressSpace) submitAll(t *Task, d *DirectIO, b Buffer) (int, error) {
	for n := 0; n < b.Size(); {
		k, dropped, err := t.pinUnder(m, b, n, d.Write)
		if dropped {
			t.Stats.Retries++
			if errors.Is(err, ErrFault) {
				err = nil
			}
			if serr := m.invalidateDropped(t, d, n, k); serr != nil {
				t.unpin()
				return n, serr
			}
		}
		if k == 0 && err != nil {
			return n, fmt.Errorf("direct IO of [%#x, %#x) of %s: pin the buffer: %w", d.Off, d.Off+d.N, m, err)
		}
		if k == 0 { // only lock cycles so far: let those we waited for go on
			if err := t.Spin(m.loc(PageIndex(d.Off / PageSize))); err != nil {
				return n, err
			}
			continue
		}
		k, err = m.submit(t, d, b, n, k)
		n += k
		if err != nil {
			return n, err
		}
	}
	return b.Size(), nil
}

// invalidateDropped invalidates again after the lock was dropped, with n bytes
// submitted and k more pinned.
func (m *AddressSpace) invalidateDropped(t *Task, d *DirectIO, n, k int) error {
	if m.opts.KeepPinned {
		n += k
	}
	return m.shootDown(t, pagesOf(d.Off+int64(n), d.N-int64(n)))
}

// submit moves k bytes between the disk and the buffer, from byte n of both on,
// and unpins them.
func (m *AddressSpace) submit(t *Task, d *DirectIO, b Buffer, n, k int) (int, error) {
	mem := t.pinned
	if b.Map == nil {
		mem = b.Mem[n:]
	}
	k, err := m.transfer(t, d, mem[:k], d.Off+int64(n))
	if b.Map != nil && !d.Write && err == nil {
		err = t.copyToPins(b.Off+int64(n), mem[:k])
	}
	t.unpin()
	return k, err
}

// transfer is the IO itself, once the memory is at hand.
func (m *AddressSpace) transfer(t *Task, d *DirectIO, mem []byte, off int64) (n int, err error) {
	if d.Write {
		n, err = m.disk.WriteAt(t.Thread, mem, off)
	} else if err = m.disk.ReadAt(t.Thread, mem, off); err == nil {
		n = len(mem)
	}
	if err != nil {
		err = fmt.Errorf("direct IO of [%#x, %#x) of %s: %w: %w", off, off+int64(len(mem)), m, ErrIO, err)
	}
	return n, err
}

// ReadDirect is a read with O_DIRECT: it writes dirty pages of the range back,
// then reads the disk, and leaves the cache as it is.
func (m *AddressSpace) ReadDirect(t *Task, b Buffer, off int64) (int, error) {
	t.Op("direct read")
	d, err := m.beginDirect(t, b, off, false)
	if err != nil {
		return 0, err
	}
	defer d.finish(t, m)
	size := m.readSize(t)
	if off >= size {
		return 0, nil
	}
	if m.policy.FlushReads {
		if err := m.writeback(t, pagesOf(off, d.N)); err != nil {
			return 0, err
		}
	}
	n, err := m.submitAll(t, d, b)
	return int(min(int64(n), max(size-off, 0))), err
}
