package core

import "cohbench/core/sched"

// Readahead puts what is missing of n bytes at off into the cache, at most 64
// pages: mm/readahead.c: page_cache_ra_unbounded. The pages are made first,
// and locked. Then a file system may want a lock of its own before it fills
// them (fs/bcachefs/fs-io-buffered.c: bch2_readahead); pages that it does not
// get to fill leave the cache again.
func (m *AddressSpace) Readahead(t *Task, off, n int64) error {
	t.Op("readahead")
	if err := m.policy.Hooks.BeginFill(t, m); err != nil {
		return err
	}
	defer m.policy.Hooks.EndFill(t, m)
	end := min(off+n, m.readSize(t))
	if off < 0 || off >= end {
		return t.Err()
	}
	pages, err := m.insertMissing(t, pagesOf(off, end-off))
	if err != nil || len(pages) == 0 {
		return err
	}
	ok, err := m.policy.Hooks.BeginReadahead(t, m)
	for i, p := range pages {
		if !ok {
			t.Yield(p.loc(), sched.KindWrite)
			m.remove(t, p)
		} else if err == nil {
			err = m.fill(t, p)
		}
		t.release(m, p)
		pages[i] = nil
	}
	if ok {
		m.policy.Hooks.EndReadahead(t, m)
	}
	return t.Err() // what could not be read is left to who needs it
}

// insertMissing makes the pages of r that are not there. Several page locks at
// once are no danger: each is of a page that nobody else has seen unlocked, so
// none is waited for.
func (m *AddressSpace) insertMissing(t *Task, r pageRange) ([]*Page, error) {
	pages := t.run[:0]
	for i := r.start; i < min(r.end, r.start+writebackPages); i++ {
		if p := m.find(t, i); p != nil {
			t.unref(m, p)
			continue
		}
		p, err := m.insert(t, i)
		if err != nil {
			for _, p := range pages {
				t.release(m, p)
			}
			return nil, err
		}
		if p != nil {
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// AddForReadahead takes the pagecache lock of m in the add state if that needs
// no waiting, and says whether it did. With [Options].ReadaheadWaits it waits.
func (t *Task) AddForReadahead(m *AddressSpace) (bool, error) {
	if m.opts.ReadaheadWaits {
		err := t.Add(m)
		return err == nil, err
	}
	return t.tryAdd(m), nil
}
