package core

import (
	"errors"
	"fmt"

	"cohbench/core/sched"
)

// pinUnder gets hold of the next chunk of the buffer, from byte n on, under the
// locks of the IO, and returns how many bytes of it are at hand, and whether
// the fault handler let go of the lock meanwhile. Less than the chunk comes
// with the reason.
func (t *Task) pinUnder(m *AddressSpace, b Buffer, n int, write bool) (k int, dropped bool, err error) {
	size := min(b.Size()-n, m.opts.MaxPin*PageSize)
	switch {
	case write && m.policy.Pin == PinFirst:
		return b.Size() - n, false, nil
	case b.Map == nil:
		return size, false, t.pinAnonymous()
	case !write:
		k, err = t.pinPages(b, n, size, true)
		return k, false, err
	}
	t.nofault = m.policy.Pin == PinNoFault
	defer func() { t.nofault = false }()
	c := m.policy.Context
	if c == nil {
		k, err = t.pinPages(b, n, size, false)
		return k, false, err
	}
	if err := c.Set(t, m); err != nil {
		return 0, false, err
	}
	k, err = t.pinPages(b, n, size, false)
	return k, c.Clear(t, m), err
}

// pinAnonymous is get_user_pages of memory that has no file to fault on and
// that nobody has touched yet, so that gup-fast does not do: what is left of
// it is mmap_lock.
func (t *Task) pinAnonymous() error {
	if err := t.lockMM(sched.Shared); err != nil {
		return err
	}
	t.unlockMM(sched.Shared)
	return nil
}

// writePinned is a direct write that pins its buffer before it locks anything.
// The page faults of the pinning then wait for nobody who waits for them, and
// what is pinned stays at hand whatever is invalidated.
func (m *AddressSpace) writePinned(t *Task, b Buffer, off int64) (int, error) {
	if err := m.aligned(b, off); err != nil {
		return 0, err
	}
	if err := t.pinWhole(b); err != nil {
		t.unpin()
		return 0, fmt.Errorf("direct write [%#x, %#x) of %s: pin the buffer: %w", off, off+int64(b.Size()), m, err)
	}
	n, err := m.writeLocked(t, b, off)
	t.unpin() // again, if the locks could not be had
	return n, err
}

// pinWhole gets hold of all of a buffer that is written from.
func (t *Task) pinWhole(b Buffer) error {
	if b.Map == nil {
		return t.pinAnonymous()
	}
	_, err := t.pinPages(b, 0, b.Size(), false)
	return err
}

// writeNoFault is a direct write that pins under its locks with page faults
// disabled, and faults the buffer in without them: fs/btrfs/direct-io.c:
// btrfs_direct_write. A pass that gets no further than the one before ends
// the attempts, and the rest goes through the cache.
func (m *AddressSpace) writeNoFault(t *Task, b Buffer, off int64) (done int, err error) {
	for left := -1; ; {
		n, err := m.writeLocked(t, b.from(done), off+int64(done))
		done += n
		rest := b.from(done)
		switch {
		case !errors.Is(err, ErrFault):
			return done, err
		case rest.Size() == left:
			n, err := m.fallBack(t, rest, off+int64(done))
			return done + n, err
		}
		left = rest.Size()
		t.Stats.Retries++
		if err := rest.faultIn(t); err != nil {
			return done, err
		}
	}
}

// from is the buffer from byte n on.
func (b Buffer) from(n int) Buffer {
	if b.Map == nil {
		return Buffer{Mem: b.Mem[n:]}
	}
	return Buffer{Map: b.Map, Off: b.Off + int64(n), Len: b.Len - n}
}

// faultIn loads from each page of a mapped buffer: mm/gup.c:
// fault_in_readable. It promises nothing for the time after it.
func (b Buffer) faultIn(t *Task) error {
	for off := b.Off &^ (PageSize - 1); off < b.Off+int64(b.Len); off += PageSize {
		if _, err := b.Map.Load(t, off); err != nil {
			return err
		}
	}
	return nil
}
