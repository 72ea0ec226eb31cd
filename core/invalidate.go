package core

import "cohbench/core/sched"

// shootDown empties the cache of r before a direct write under a blocked
// cache: write back and invalidate until nothing is left, as bcachefs'
// bch2_write_invalidate_inode_pages_range. It spins for as long as a mapping
// keeps redirtying, and each turn counts as EBUSY.
func (m *AddressSpace) shootDown(t *Task, r pageRange) error {
	for !m.empty(t) {
		if err := m.writeback(t, r); err != nil {
			return err
		}
		busy, err := m.invalidate(t, r)
		if err != nil || !busy {
			return err
		}
		t.Stats.EBUSY++
		if err := t.Spin(m.loc(r.start)); err != nil {
			return err
		}
	}
	return nil
}

// invalidate removes the pages of r from the cache and says whether one could
// not be: mm/truncate.c: invalidate_inode_pages2_range. A dirty page is busy,
// and the walk goes on. That a page is pinned does not matter: it leaves the
// cache and lives on.
func (m *AddressSpace) invalidate(t *Task, r pageRange) (busy bool, err error) {
	err = m.eachLocked(t, r, func(p *Page) {
		m.mem.Zap(t.Thread, int64(p.index))
		if p.is(pageDirty) || (m.opts.PinsBusy && p.refs.Load() > 2) {
			busy = true
			return
		}
		m.remove(t, p)
	})
	return busy, err
}

// drop removes the pages of r from the cache, dirty or not, for truncate and
// punch: truncate_inode_pages_range.
func (m *AddressSpace) drop(t *Task, r pageRange) error {
	return m.eachLocked(t, r, func(p *Page) {
		m.mem.Zap(t.Thread, int64(p.index))
		m.remove(t, p)
	})
}

// eachLocked calls fn with each page of r that is in the cache, locked and not
// under writeback.
func (m *AddressSpace) eachLocked(t *Task, r pageRange, fn func(p *Page)) error {
	if m.empty(t) {
		return nil
	}
	for i := m.next(t, r); i < r.end; i = m.next(t, pageRange{i + 1, r.end}) {
		p := m.find(t, i)
		if p == nil {
			continue
		}
		ok, err := m.lockIn(t, p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := t.waitWriteback(p); err != nil {
			t.release(m, p)
			return err
		}
		t.Yield(m.loc(i), sched.KindWrite)
		fn(p)
		t.release(m, p)
	}
	return nil
}

// Evict drops what is clean and in nobody's use, as reclaim does: it neither
// waits for a page lock nor writes back, and leaves pages alone that somebody
// looks at or has pinned.
func (m *AddressSpace) Evict(t *Task, off, n int64) error {
	r := pagesOf(off, n)
	for i := m.next(t, r); i < r.end; i = m.next(t, pageRange{i + 1, r.end}) {
		p := m.find(t, i)
		if p == nil {
			continue
		}
		t.Yield(p.loc(), sched.KindLock)
		if !p.tryLock(t) {
			t.unref(m, p)
			continue
		}
		if p.mapping.Load() == m && m.evictable(p) {
			m.mem.Zap(t.Thread, int64(i))
			if m.evictable(p) { // nobody marks it dirty without its lock, but a pin may have come
				m.remove(t, p)
			}
		}
		t.release(m, p)
	}
	return t.Err()
}

func (m *AddressSpace) evictable(p *Page) bool {
	return !p.is(pageDirty|pageWriteback) && p.refs.Load() <= 2 // the cache's and ours
}
