package core

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// writebackPages is how many adjacent pages one write to the disk takes along.
const writebackPages = 64

// writeback writes the dirty pages of r to the disk and waits for those that
// somebody else is writing: mm/filemap.c: filemap_write_and_wait_range. A
// failure is remembered for the next Sync; the pages stay in the cache, clean.
func (m *AddressSpace) writeback(t *Task, r pageRange) error {
	if !t.Deterministic() && m.dirty.Load() == 0 && m.writebacks.Load() == 0 {
		return nil
	}
	var failed error
	for i := m.next(t, r); i < r.end; i = m.next(t, pageRange{i, r.end}) {
		n, err := m.writeRun(t, pageRange{i, r.end})
		if t.Err() != nil {
			return err
		}
		if err != nil {
			failed = err
		}
		i += n
	}
	return failed
}

// writeRun writes the pages from r.start on, as many as are dirty and adjacent,
// and returns how many it has dealt with, at least one.
func (m *AddressSpace) writeRun(t *Task, r pageRange) (PageIndex, error) {
	n, err := m.gather(t, r)
	if n == 0 {
		return 1, err
	}
	buf := t.wbBuffer()[:n*PageSize]
	off := int64(r.start) * PageSize
	_, err = m.disk.WriteAt(t.Thread, buf, off)
	if err != nil {
		m.setError(t)
		err = fmt.Errorf("write back pages [%d, %d) of %s: %w: %w", r.start, r.start+n, m, ErrIO, err)
	}
	for i, p := range t.run[:n] {
		t.Yield(p.loc(), sched.KindComplete)
		p.flags.And(^pageWriteback)
		m.writebacks.Add(-1)
		p.wait.WakeAll(t.Thread)
		t.unref(m, p)
		t.run[i] = nil
	}
	t.Stats.Writebacks += int64(n)
	return n, err
}

// gather puts the run of dirty pages at the start of r under writeback and
// their contents into the task's buffer. It waits for the first page only:
// with a page under writeback in its hands it must not wait for the lock of
// another.
func (m *AddressSpace) gather(t *Task, r pageRange) (PageIndex, error) {
	for n := PageIndex(0); n < writebackPages && r.start+n < r.end; n++ {
		p, err := m.takeDirty(t, r.start+n, n)
		if p == nil {
			return n, err
		}
		t.run[n] = p
	}
	return min(writebackPages, r.end-r.start), nil
}

// takeDirty puts page idx under writeback and its contents into place n of the
// task's buffer. It returns nil if the page is not dirty, and then, if n is 0,
// it has waited for somebody else's writeback of it.
func (m *AddressSpace) takeDirty(t *Task, idx PageIndex, n PageIndex) (*Page, error) {
	if !t.Deterministic() && !m.peek(idx, pageDirty|pageWriteback) {
		return nil, nil
	}
	p := m.find(t, idx)
	if p == nil {
		return nil, nil
	}
	if !p.is(pageDirty) {
		var err error
		if n == 0 {
			err = t.waitWriteback(p)
		}
		t.unref(m, p)
		return nil, err
	}
	if ok, err := m.lockForWriteback(t, p, n > 0); !ok {
		return nil, err
	}
	ok, err := m.startWriteback(t, p, n)
	if !ok {
		t.release(m, p)
		return nil, err
	}
	t.unlockPage(p)
	return p, nil
}

// peek says whether page idx is in the cache with one of these flags. The
// answer may be old.
func (m *AddressSpace) peek(idx PageIndex, flags uint32) bool {
	slot := m.pages.slot(idx)
	if slot == nil {
		return false
	}
	p := slot.Load()
	return p != nil && p.is(flags)
}

// lockForWriteback is lockIn, or fails instead of waiting.
func (m *AddressSpace) lockForWriteback(t *Task, p *Page, try bool) (bool, error) {
	if !try {
		return m.lockIn(t, p)
	}
	t.Yield(p.loc(), sched.KindLock)
	if !p.tryLock(t) {
		t.unref(m, p)
		return false, nil
	}
	return true, nil
}

// startWriteback takes a locked page from dirty to writeback and copies its
// contents to place n of the task's buffer. The order is
// clear_page_dirty_for_io's: first no mapping may store any more, then the
// mark goes, then the contents are taken. A store after that faults, and marks
// the page dirty again.
func (m *AddressSpace) startWriteback(t *Task, p *Page, n PageIndex) (bool, error) {
	if p.mapping.Load() != m || (n > 0 && p.is(pageWriteback)) {
		return false, nil
	}
	if err := t.waitWriteback(p); err != nil {
		return false, err
	}
	if !p.is(pageDirty) {
		return false, nil
	}
	valid := m.readSize(t) - int64(p.index)*PageSize
	t.Yield(p.loc(), sched.KindWrite)
	m.mem.Protect(t.Thread, int64(p.index))
	t.Yield(p.loc(), sched.KindWrite)
	p.flags.Or(pageWriteback)
	m.writebacks.Add(1)
	m.clearDirty(p)
	buf := t.wbBuffer()[n*PageSize : (n+1)*PageSize]
	mmu.Copy(buf, p.frame.Mem)
	if valid < PageSize {
		clear(buf[max(valid, 0):]) // a mapping may have stored beyond the end of the file
	}
	return true, nil
}

// Writeback writes the dirty pages of n bytes at off to the disk, as a flusher
// thread does; what goes wrong is for the next Sync.
func (m *AddressSpace) Writeback(t *Task, off, n int64) error {
	t.Op("writeback")
	_ = m.writeback(t, pagesOf(off, n)) // the error is in m.err as well
	return t.Err()
}

// Sync writes everything back and reports, once, an error that happened since
// the last Sync.
func (m *AddressSpace) Sync(t *Task) error {
	_ = m.writeback(t, allPages) // the error is in m.err as well
	if err := t.Err(); err != nil {
		return err
	}
	if err := m.disk.Sync(t.Thread); err != nil {
		m.setError(t)
	}
	if m.takeError(t) {
		return fmt.Errorf("sync %s: %w", m, ErrIO)
	}
	return nil
}
