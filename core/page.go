package core

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// PageIndex counts pages from the start of a file.
type PageIndex int64

// The states of a page, as the kernel's folio flags of the same names.
const (
	pageLocked    uint32 = 1 << iota // PG_locked: one task may change what is below
	pageUptodate                     // PG_uptodate: the contents are valid
	pageDirty                        // PG_dirty: newer than the disk
	pageWriteback                    // PG_writeback: being written to disk
)

// Page is one cached page of a file. It is counted: the cache holds one
// reference while the page is in it, and so does everybody who looks at it or
// has pinned it for IO. A page that was invalidated while pinned has left the
// cache, and lives on until it is unpinned.
type Page struct {
	index   PageIndex
	mapping atomic.Pointer[AddressSpace] // nil once it has left the cache; changed under the page lock
	flags   atomic.Uint32
	refs    atomic.Int32
	frame   *mmu.Frame
	lock    sched.Object    // the page lock, for the wait-for graph
	written sched.Object    // the end of writeback, likewise; nobody holds it
	wait    sched.WaitQueue // for both
}

// loc is the page as a scheduler knows it: its flags, contents, references
// and translations, and its place in the cache.
func (p *Page) loc() sched.Loc { return p.lock.Loc() }

// String names the page in a deadlock report.
func (p *Page) String() string {
	if m := p.mapping.Load(); m != nil {
		return fmt.Sprintf("page %d of %s", p.index, m)
	}
	return "a page gone from the cache"
}

func (p *Page) is(flag uint32) bool { return p.flags.Load()&flag != 0 }

// tryRef takes a reference unless the page is already free, as folio_try_get.
func (p *Page) tryRef() bool {
	for {
		n := p.refs.Load()
		if n == 0 {
			return false
		}
		if p.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// tryLock takes the page lock if it is free, as folio_trylock.
func (p *Page) tryLock(t *Task) bool {
	for {
		f := p.flags.Load()
		if f&pageLocked != 0 {
			return false
		}
		if p.flags.CompareAndSwap(f, f|pageLocked) {
			t.Hold(&p.lock, sched.Exclusive)
			return true
		}
	}
}

// lockPage takes the page lock, as folio_lock. It fails only when the case is
// cancelled.
func (t *Task) lockPage(p *Page) error {
	t.Yield(p.loc(), sched.KindLock)
	if p.tryLock(t) {
		return nil
	}
	for {
		p.wait.Prepare(t.Thread)
		if p.tryLock(t) {
			p.wait.Finish(t.Thread)
			return nil
		}
		if err := p.wait.Sleep(t.Thread, &p.lock, sched.Exclusive); err != nil {
			p.wait.Finish(t.Thread)
			return err
		}
		t.Yield(p.loc(), sched.KindLock)
	}
}

// unlockPage releases the page lock.
func (t *Task) unlockPage(p *Page) {
	t.Yield(p.loc(), sched.KindUnlock)
	t.Release(&p.lock, sched.Exclusive)
	p.flags.And(^pageLocked)
	p.wait.WakeAll(t.Thread)
}

// waitWriteback waits until the page is on disk, as folio_wait_writeback. The
// writer holds nothing that anybody waits for, so no cycle leads through it.
// Preconditions: the caller's latest step is about the page.
func (t *Task) waitWriteback(p *Page) error {
	for p.is(pageWriteback) {
		p.wait.Prepare(t.Thread)
		if !p.is(pageWriteback) {
			break
		}
		if err := p.wait.Sleep(t.Thread, &p.written, sched.Exclusive); err != nil {
			p.wait.Finish(t.Thread)
			return err
		}
		t.Yield(p.loc(), sched.KindRead)
	}
	p.wait.Finish(t.Thread)
	return nil
}

// setDirty marks the page dirty, as folio_mark_dirty. Preconditions: the page
// is locked, or pinned and in the cache.
func (m *AddressSpace) setDirty(p *Page) {
	if p.flags.Or(pageDirty)&pageDirty == 0 {
		m.dirty.Add(1)
	}
}

// clearDirty takes the dirty mark away and says whether there was one.
// Preconditions: the page is locked.
func (m *AddressSpace) clearDirty(p *Page) bool {
	if p.flags.And(^pageDirty)&pageDirty == 0 {
		return false
	}
	m.dirty.Add(-1)
	return true
}

// put drops a reference; the last one frees the page. References only matter
// to those who want to take the page out of the cache, so for a scheduler
// this commutes with reading it.
func (t *Task) put(m *AddressSpace, p *Page) {
	t.Yield(p.loc(), sched.KindRead)
	t.unref(m, p)
}

// unref is put in a step that is about the page already.
func (t *Task) unref(m *AddressSpace, p *Page) {
	if p.refs.Add(-1) == 0 {
		t.free(m, p)
	}
}

func (t *Task) free(m *AddressSpace, p *Page) {
	m.mem.Free(t.Thread, p.frame)
	p.frame = nil
	m.recycle(t, p)
}
