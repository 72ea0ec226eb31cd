package core

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// pageRange is the half-open range of pages [start, end).
type pageRange struct{ start, end PageIndex }

// pagesOf returns the pages that hold the bytes [off, off+n).
func pagesOf(off, n int64) pageRange {
	return pageRange{PageIndex(off / PageSize), PageIndex((off + n + PageSize - 1) / PageSize)}
}

// endOfPages is beyond the last page that a file may have.
const endOfPages = 1 << 50

// allPages is every page that a file may have.
var allPages = pageRange{0, endOfPages}

// readPage returns page idx, uptodate, with a reference, from the cache or
// from the disk: mm/filemap.c: filemap_get_pages for one page. A page that is
// there and uptodate is not locked.
func (m *AddressSpace) readPage(t *Task, idx PageIndex) (*Page, error) {
	if p := m.find(t, idx); p != nil {
		if p.is(pageUptodate) {
			return p, nil
		}
		t.put(m, p)
	}
	m.exposed.try(t.Thread, pageRange{idx, idx + 1})
	defer m.exposed.done(t.Thread)
	if err := m.policy.Hooks.BeginFill(t, m); err != nil {
		return nil, err
	}
	p, err := m.lockUptodate(t, idx)
	m.policy.Hooks.EndFill(t, m)
	if err != nil {
		return nil, err
	}
	t.unlockPage(p)
	return p, nil
}

// grab returns page idx locked and with a reference; it creates the page if
// need be, and then it is not uptodate: __filemap_get_folio with FGP_LOCK and
// FGP_CREAT. Preconditions: inside Fill, or with the cache blocked.
func (m *AddressSpace) grab(t *Task, idx PageIndex) (*Page, error) {
	for {
		p := m.find(t, idx)
		if p == nil {
			p, err := m.insert(t, idx)
			if p != nil || err != nil {
				return p, err
			}
			continue
		}
		ok, err := m.lockIn(t, p)
		if ok || err != nil {
			return p, err
		}
	}
}

// lockIn locks a page on which the caller has a reference, and says whether it
// is still in this cache. If not, or on an error, the page is unlocked and the
// reference gone.
func (m *AddressSpace) lockIn(t *Task, p *Page) (bool, error) {
	if err := t.lockPage(p); err != nil {
		t.put(m, p)
		return false, err
	}
	if p.mapping.Load() == m {
		return true, nil
	}
	t.release(m, p)
	return false, nil
}

// release unlocks a page and drops the reference.
func (t *Task) release(m *AddressSpace, p *Page) {
	t.unlockPage(p)
	t.unref(m, p)
}

// lockUptodate is grab, and reads the page if it is not uptodate.
func (m *AddressSpace) lockUptodate(t *Task, idx PageIndex) (*Page, error) {
	p, err := m.grab(t, idx)
	if err != nil {
		return nil, err
	}
	if p.is(pageUptodate) {
		return p, nil
	}
	if err := m.fill(t, p); err != nil {
		t.release(m, p) // stays in the cache, not uptodate: the next one tries again
		return nil, err
	}
	return p, nil
}

// fill reads a locked page from the disk. What lies beyond the end of the
// file reads as zeros.
func (m *AddressSpace) fill(t *Task, p *Page) error {
	off := int64(p.index) * PageSize
	valid := m.readSize(t) - off
	if valid > 0 {
		t.Stats.Fills++
		if err := m.disk.ReadAt(t.Thread, p.frame.Mem, off); err != nil {
			return fmt.Errorf("read page %d of %s: %w: %w", p.index, m, ErrIO, err)
		}
	}
	if valid < PageSize {
		mmu.Clear(p.frame.Mem[max(valid, 0):])
	}
	t.Yield(m.loc(p.index), sched.KindWrite)
	p.flags.Or(pageUptodate)
	return nil
}

// end is the index after the last page that could be in the table.
func (pt *pageTable) end() PageIndex {
	chunks := pt.chunks.Load()
	if chunks == nil {
		return 0
	}
	return PageIndex(len(*chunks)) * chunkPages
}

// next returns the first index in r that has a page in the cache, or r.end.
// Under a controller it leaves the looking to the caller, whose look at each
// page is a step of its own.
func (m *AddressSpace) next(t *Task, r pageRange) PageIndex {
	if t.Deterministic() {
		if r.start < m.bound {
			return min(r.start, r.end)
		}
		return r.end
	}
	end := min(r.end, m.pages.end())
	for i := r.start; i < end; i++ {
		if m.pages.slot(i).Load() != nil {
			return i
		}
	}
	return r.end
}
