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
	if m.dirty.Load() == 0 && m.writebacks.Load() == 0 {
		return nil
	}
	var failed error
	for i := m.next(r); i < r.end; i = m.next(pageRange{i, r.end}) {
		n, err := m.writeRun(t, pageRange{i, r.end})
		if t.Err() != nil {
			return err
		}
		if err != nil {
			failed = err
		}
		i += n
	}
	if err := m.waitForWriteback(t, r); err != nil {
		return err
	}
	return failed
}

// waitForWriteback waits until no page of r is being written.
func (m *AddressSpace) waitForWriteback(t *Task, r pageRange) error {
	if m.writebacks.Load() == 0 {
		return nil
	}
	for i := m.next(r); i < r.end; i = m.next(pageRange{i + 1, r.end}) {
		p := m.find(t, i)
		if p == nil {
			continue
		}
		err := t.waitWriteback(p)
		t.put(m, p)
		if err != nil {
			return err
		}
	}
	return nil
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
		m.setError()
		err = fmt.Errorf("write back pages [%d, %d) of %s: %w: %w", r.start, r.start+n, m, ErrIO, err)
	}
	for i, p := range t.run[:n] {
		t.Yield(m.loc(p.index), sched.KindComplete)
		p.flags.And(^pageWriteback)
		m.writebacks.Add(-1)
		p.wait.WakeAll(t.Thread)
		t.put(m, p)
		t.run[i] = nil
	}
	t.Stats.Writebacks += int64(n)
	return n, err
}

// gather puts the run of dirty pages at the start of r under writeback and
// their contents into the task's buffer. It waits for the first page only:
// with a page under writeback in its hands it must not wait for the lock of
// another.
func (m *AddressSpace) gather(t *Task, r pageRange) (n PageIndex, err error) {
	for ; n < writebackPages && r.start+n < r.end; n++ {
		slot := m.pages.slot(r.start + n)
		if slot == nil {
			break
		}
		if p := slot.Load(); p == nil || !p.is(pageDirty) {
			break
		}
		p := m.find(t, r.start+n)
		if p == nil {
			break
		}
		ok := false
		if n == 0 {
			ok, err = m.lockIn(t, p)
		} else if ok = p.tryLock(t); !ok {
			t.put(m, p)
		}
		if !ok {
			break
		}
		if ok, err = m.startWriteback(t, p, n); !ok {
			t.release(m, p)
			break
		}
		t.run[n] = p
		t.unlockPage(p)
	}
	return n, err
}

// startWriteback takes a locked page from dirty to writeback and copies its
// contents to place n of the task's buffer. The order is
// clear_page_dirty_for_io's: first no mapping may store any more, then the
// mark goes, then the contents are taken. A store after that faults, and marks
// the page dirty again.
func (m *AddressSpace) startWriteback(t *Task, p *Page, n PageIndex) (bool, error) {
	if p.mapping.Load() != m || !p.is(pageDirty) || (n > 0 && p.is(pageWriteback)) {
		return false, nil
	}
	if err := t.waitWriteback(p); err != nil {
		return false, err
	}
	m.mem.Protect(t.Thread, int64(p.index))
	t.Yield(m.loc(p.index), sched.KindWrite)
	p.flags.Or(pageWriteback)
	m.writebacks.Add(1)
	m.clearDirty(p)
	buf := t.wbBuffer()[n*PageSize : (n+1)*PageSize]
	mmu.Copy(buf, p.frame.Mem)
	if valid := m.size.Load() - int64(p.index)*PageSize; valid < PageSize {
		clear(buf[max(valid, 0):]) // a mapping may have stored beyond the end of the file
	}
	return true, nil
}

// Sync writes everything back and reports, once, an error that happened since
// the last Sync.
func (m *AddressSpace) Sync(t *Task) error {
	_ = m.writeback(t, m.allPages()) // the error is in m.err as well
	if err := t.Err(); err != nil {
		return err
	}
	if err := m.disk.Sync(t.Thread); err != nil {
		m.setError()
	}
	if n := m.err.Swap(0); n > 0 {
		return fmt.Errorf("sync %s: %w", m, ErrIO)
	}
	return nil
}
