package core

import (
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// AddForFault takes the pagecache lock of m in the add state on behalf of a
// task that may be in the middle of a direct write: fs/bcachefs/fs-io-pagecache.c:
// bch2_page_fault, for every policy that has a task context.
//
// Let D be the file whose cache the task holds blocked. D == m would wait for
// itself: ErrFault. D before m in the lock order may wait. D after m may not:
// if m cannot be had at once, the handler lets go of D, waits for its moment
// on m, takes D again, leaves word in the task, and fails the fault; the
// direct write then invalidates again and retries.
func (t *Task) AddForFault(m *AddressSpace) error {
	var d *AddressSpace
	if m.policy.Context != nil {
		d = m.policy.Context.Of(t, m)
	}
	switch {
	case d == m:
		return ErrFault
	case d == nil || d.id < m.id:
		return t.Add(m)
	case t.tryAdd(m):
		return nil
	}
	return t.cycleLocks(d, m)
}

// cycleLocks lets go of d and takes it again after m could be added to. It
// always fails the fault: the lock was dropped, so what the direct write had
// invalidated may be cached again.
func (t *Task) cycleLocks(d, m *AddressSpace) error {
	t.io.unblock(t, d)
	if err := t.Add(m); err != nil {
		return err
	}
	t.Unadd(m)
	if err := t.io.Block(t, d); err != nil {
		return err
	}
	m.policy.Context.SetDropped(t, m)
	t.Stats.Drops++
	return ErrFault
}

// fault makes page idx of the file accessible through v and returns it locked
// and with a reference; nil without an error means that the access must be
// tried again. It is mm/memory.c: do_shared_fault, do_read_fault and
// wp_page_shared in one.
func (v *vma) fault(t *Task, idx PageIndex, access mmu.Access) (*Page, error) {
	t.Stats.Faults++
	if idx < 0 || v.m.beyondEOF(t, idx) {
		return nil, ErrBeyondEOF
	}
	p, err := v.faultPage(t, idx, access)
	if p == nil || err != nil {
		return nil, err
	}
	if err := v.install(t, p, access != mmu.Read); err != nil {
		return nil, err
	}
	return p, nil
}

// install makes a locked page accessible through v. On an error the page is
// unlocked and the reference gone.
func (v *vma) install(t *Task, p *Page, write bool) error {
	if v.m.opts.InstallUnlocked {
		return v.installUnlocked(t, p, write)
	}
	t.Yield(p.loc(), sched.KindWrite)
	err := v.pt.Install(int64(p.index-v.first), p.frame, write)
	if err != nil {
		t.release(v.m, p)
	}
	return err
}

// faultPage is fault without installing the translation.
func (v *vma) faultPage(t *Task, idx PageIndex, access mmu.Access) (*Page, error) {
	m := v.m
	switch access {
	case mmu.Read:
		if p := m.residentPage(t, idx); p != nil {
			return p, nil
		}
		return m.faultIn(t, idx)
	case mmu.WriteProtect:
		p := m.find(t, idx)
		if p == nil {
			return nil, nil
		}
		return m.pageMkwrite(t, p)
	}
	p, err := m.faultIn(t, idx)
	if err != nil {
		return nil, err
	}
	t.unlockPage(p)
	return m.pageMkwrite(t, p)
}

// residentPage returns page idx, locked and with a reference, if it is cached,
// uptodate and its lock is free: mm/filemap.c: filemap_map_pages for one page.
// This comes before the policy's Fault and before anybody looks at the task
// context, as in the kernel.
func (m *AddressSpace) residentPage(t *Task, idx PageIndex) *Page {
	p := m.find(t, idx)
	if p == nil {
		return nil
	}
	if !p.is(pageUptodate) {
		t.unref(m, p)
		return nil
	}
	t.Yield(p.loc(), sched.KindLock)
	if !p.tryLock(t) {
		t.unref(m, p)
		return nil
	}
	if p.mapping.Load() != m || !p.is(pageUptodate) || m.beyondEOF(t, idx) {
		t.release(m, p)
		return nil
	}
	return p
}

func (m *AddressSpace) beyondEOF(t *Task, idx PageIndex) bool {
	return int64(idx)*PageSize >= m.readSize(t)
}

// faultIn returns page idx uptodate, with a reference, and locked:
// mm/filemap.c: filemap_fault inside the policy's Fault. The page stays locked
// after the policy let go of its own lock, so that it cannot leave the cache
// before the translation is installed. (Installing without the page lock
// makes addlock stale.)
func (m *AddressSpace) faultIn(t *Task, idx PageIndex) (*Page, error) {
	m.tryMissing(t, pageRange{idx, idx + 1})
	defer m.exposed.done(t.Thread)
	if err := m.policy.Hooks.BeginFault(t, m); err != nil {
		return nil, err
	}
	p, err := m.filemapFault(t, idx)
	m.policy.Hooks.EndFault(t, m)
	if err != nil {
		return nil, err
	}
	if m.beyondEOF(t, idx) { // truncated while we waited for the page lock
		t.release(m, p)
		return nil, ErrBeyondEOF
	}
	return p, nil
}

// filemapFault finds or fills page idx and locks it. Only a page that must be
// created or read needs the policy's Fill.
func (m *AddressSpace) filemapFault(t *Task, idx PageIndex) (*Page, error) {
	for {
		p := m.find(t, idx)
		if p == nil || !p.is(pageUptodate) {
			if p != nil {
				t.unref(m, p)
			}
			return m.fillForFault(t, idx)
		}
		ok, err := m.lockIn(t, p)
		if ok || err != nil {
			return p, err
		}
	}
}

func (m *AddressSpace) fillForFault(t *Task, idx PageIndex) (*Page, error) {
	m.exposed.try(t.Thread, pageRange{idx, idx + 1})
	if err := m.policy.Hooks.BeginFill(t, m); err != nil {
		return nil, err
	}
	defer m.policy.Hooks.EndFill(t, m)
	return m.lockUptodate(t, idx)
}

// pageMkwrite marks a page dirty before a mapping may store to it, and returns
// it locked: mm/filemap.c: filemap_page_mkwrite inside the policy's Mkwrite.
// It takes over the caller's reference; nil without an error means that the
// page has left the cache. There is no look at the task context here, as in
// bcachefs: nobody blocks a cache while a fault for storing is handled.
func (m *AddressSpace) pageMkwrite(t *Task, p *Page) (*Page, error) {
	t.Stats.Mkwrites++
	if !m.opts.MkwriteUnlocked {
		if err := m.policy.Hooks.BeginMkwrite(t, m); err != nil {
			t.put(m, p)
			return nil, err
		}
		defer m.policy.Hooks.EndMkwrite(t, m)
	}
	ok, err := m.lockIn(t, p)
	if !ok || err != nil {
		return nil, err
	}
	if !p.is(pageUptodate) || m.beyondEOF(t, p.index) {
		t.release(m, p)
		return nil, nil
	}
	t.Yield(p.loc(), sched.KindWrite)
	m.setDirty(p)
	if err := t.waitWriteback(p); err != nil {
		t.release(m, p)
		return nil, err
	}
	return p, nil
}
