package core

import (
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// ReadAt is a buffered read: mm/filemap.c: filemap_read. It copies from pages
// that it holds a reference on and has not locked, and the copy may fault when
// the buffer is a mapping.
func (m *AddressSpace) ReadAt(t *Task, b Buffer, off int64) (int, error) {
	t.Op("buffered read")
	if err := m.beginBuffered(t, off, b.Size()); err != nil {
		return 0, err
	}
	defer m.policy.Hooks.EndBuffered(t, m)
	return m.readPieces(t, b, off)
}

// SpliceRead is splice(2) from the file: mm/filemap.c: filemap_splice_read. It
// takes the pages that a buffered read would, but nobody brackets it with the
// policy's Buffered: bcachefs does not, and so adds pages without add.
func (m *AddressSpace) SpliceRead(t *Task, b Buffer, off int64) (int, error) {
	t.Op("splice")
	return m.readPieces(t, b, off)
}

// readPieces copies page by page until b is full or the file ends.
func (m *AddressSpace) readPieces(t *Task, b Buffer, off int64) (int, error) {
	for n := 0; ; {
		k := m.piece(b, n, off)
		k = int(min(int64(k), m.readSize(t)-off-int64(n)))
		if k <= 0 {
			return n, nil
		}
		c, err := m.readPiece(t, b, n, k, off+int64(n))
		n += c
		if err != nil {
			return n, err
		}
	}
}

// beginBuffered is the policy's BeginBuffered, with the wait for it counted as
// an attempt to add what is not cached.
func (m *AddressSpace) beginBuffered(t *Task, off int64, n int) error {
	m.tryMissing(t, pagesOf(off, int64(n)))
	defer m.exposed.done(t.Thread)
	return m.policy.Hooks.BeginBuffered(t, m)
}

// piece is how much of b from n on lies in one page of the file.
func (m *AddressSpace) piece(b Buffer, n int, off int64) int {
	return min(b.Size()-n, PageSize-int((off+int64(n))%PageSize))
}

func (m *AddressSpace) readPiece(t *Task, b Buffer, n, k int, off int64) (int, error) {
	p, err := m.readPage(t, PageIndex(off/PageSize))
	if err != nil {
		return 0, err
	}
	defer t.put(m, p)
	t.Yield(m.loc(p.index), sched.KindRead)
	src := p.frame.Mem[off%PageSize:][:k]
	if p.frame.Fleeting {
		src = t.scratchPage()[:k]
		mmu.Copy(src, p.frame.Mem[off%PageSize:])
		if p.mapping.Load() != m {
			return 0, nil // it left the cache: the copy may be of its successor
		}
	}
	return b.copyIn(t, n, src)
}

// copyIn puts src into the buffer at byte n: copy_to_user.
func (b Buffer) copyIn(t *Task, n int, src []byte) (int, error) {
	if b.Map != nil {
		return b.Map.WriteAt(t, src, b.Off+int64(n))
	}
	return mmu.Copy(b.Mem[n:], src), nil
}

// WriteAt is a buffered write, under the inode lock held exclusively:
// mm/filemap.c: generic_perform_write.
func (m *AddressSpace) WriteAt(t *Task, b Buffer, off int64) (int, error) {
	t.Op("buffered write")
	if err := t.LockInode(m, sched.Exclusive); err != nil {
		return 0, err
	}
	defer t.UnlockInode(m, sched.Exclusive)
	if err := m.beginBuffered(t, off, b.Size()); err != nil {
		return 0, err
	}
	defer m.policy.Hooks.EndBuffered(t, m)
	if err := m.zeroGap(t, off); err != nil {
		return 0, err
	}
	for n := 0; n < b.Size(); {
		k := m.piece(b, n, off)
		if err := m.writePiece(t, b, n, k, off+int64(n)); err != nil {
			return n, err
		}
		n += k
	}
	return b.Size(), nil
}

// writePiece writes k bytes of b from n on into one page.
func (m *AddressSpace) writePiece(t *Task, b Buffer, n, k int, off int64) error {
	src := b.Mem[min(n, len(b.Mem)):]
	if b.Map != nil { // before the page lock: the source may need the very page
		src = t.scratchPage()[:k]
		if _, err := b.Map.ReadAt(t, src, b.Off+int64(n)); err != nil {
			return err
		}
	}
	p, err := m.writeBegin(t, PageIndex(off/PageSize), k == PageSize)
	if err != nil {
		return err
	}
	// Dirty before the new bytes can be seen: a direct read that begins after a
	// buffered read has returned them then finds a page to write back. The
	// kernel's order is the other one.
	if !m.opts.DirtyAfterCopy {
		t.Yield(p.loc(), sched.KindWrite)
		m.setDirty(p)
	}
	t.Yield(p.loc(), sched.KindWrite)
	mmu.Copy(p.frame.Mem[off%PageSize:], src[:k])
	p.flags.Or(pageUptodate)
	if m.opts.DirtyAfterCopy {
		t.Yield(p.loc(), sched.KindWrite)
		m.setDirty(p)
	}
	m.extend(t, off+int64(k))
	t.release(m, p)
	return nil
}

// extend makes the file at least size bytes long. Preconditions: the inode
// lock is held exclusively.
func (m *AddressSpace) extend(t *Task, size int64) {
	if size > m.size.Load() {
		m.setSize(t, size)
	}
}

// writeBegin returns page idx locked and with a reference, and uptodate unless
// whole is set, which says that all of it will be written.
func (m *AddressSpace) writeBegin(t *Task, idx PageIndex, whole bool) (*Page, error) {
	if p := m.find(t, idx); p != nil && p.is(pageUptodate) {
		ok, err := m.lockIn(t, p)
		if ok || err != nil {
			return p, err
		}
	} else if p != nil {
		t.put(m, p)
	}
	m.exposed.try(t.Thread, pageRange{idx, idx + 1})
	defer m.exposed.done(t.Thread)
	if err := m.policy.Hooks.BeginFill(t, m); err != nil {
		return nil, err
	}
	defer m.policy.Hooks.EndFill(t, m)
	if whole {
		return m.grab(t, idx)
	}
	return m.lockUptodate(t, idx)
}
