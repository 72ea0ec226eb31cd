package core

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// AddressSpace is one file: its cached pages, its locks and its backing store.
// It is the kernel's struct address_space with the parts of struct inode that
// the page cache needs.
type AddressSpace struct {
	id     uint64 // the lock order between files
	policy *Policy
	opts   Options
	disk   disk.Disk
	mem    mmu.Memory

	size  atomic.Int64 // i_size in bytes; changed under inode held exclusively
	pages pageTable
	// Pages in the cache, dirty ones, and ones under writeback. An empty cache
	// costs a direct write three loads. Under a controller nobody looks at
	// them: they are about all pages at once, and a step is about one thing.
	cached, dirty, writebacks atomic.Int64
	bound                     PageIndex // with a controller: all cached pages have a lower index

	inode     RWSem         // i_rwsem
	pagecache PagecacheLock // the policy's lock between filling and shooting down; nil for none

	direct     atomic.Int64 // i_dio_count: direct IO in flight
	directObj  sched.Object
	directWait sched.WaitQueue

	exposed exposures
	err     atomic.Uint32 // write-back errors nobody was told of yet

	pool     sched.SpinLock
	poolFree []*Page // under pool
	poolAll  []*Page // all that the pool ever made, for Reset; under pool
}

// lastID numbers address spaces. The order between files must be fixed for as
// long as both are open; creation order is, and so it is the same in every
// schedule of a test.
var lastID atomic.Uint64

// NewAddressSpace is an empty cache of d under a policy. Every file of a group
// has its own.
func NewAddressSpace(p *Policy, d disk.Disk, mem mmu.Memory, opts Options) *AddressSpace {
	m := &AddressSpace{id: lastID.Add(1), policy: p, opts: opts.under(p), disk: d, mem: mem}
	if p.Lock != nil {
		m.pagecache = p.Lock()
	}
	m.nameLocks()
	m.load()
	return m
}

// load takes the size from the disk.
func (m *AddressSpace) load() {
	size := m.disk.Size()
	m.size.Store(size)
	m.bound = pagesOf(0, size).end + boundSlack
}

// boundSlack is how many pages beyond its end a file's walks look at under a
// controller. Further ones are looked at once they have been cached.
const boundSlack = 2

// Size is the length of the file in bytes.
func (m *AddressSpace) Size() int64 { return m.size.Load() }

// readSize reads the length as a step: somebody may be changing it.
func (m *AddressSpace) readSize(t *Task) int64 {
	if t.Deterministic() { // asked here, so that the rest inlines
		m.stepSize(t)
	}
	return m.size.Load()
}

//go:noinline
func (m *AddressSpace) stepSize(t *Task) { t.Yield(m.part(locSize), sched.KindRead) }

// setSize changes it. Preconditions: the inode lock is held exclusively.
func (m *AddressSpace) setSize(t *Task, size int64) {
	t.Yield(m.part(locSize), sched.KindWrite)
	m.size.Store(size)
}

// empty says that nothing is cached. It is a shortcut, which is not taken
// under a controller; see AddressSpace.cached.
func (m *AddressSpace) empty(t *Task) bool { return !t.Deterministic() && m.cached.Load() == 0 }

// find returns the cached page idx with a reference, or nil. It takes no
// lock, as filemap_get_entry: it takes the reference first and then looks
// whether the page is still the one.
func (m *AddressSpace) find(t *Task, idx PageIndex) *Page {
	t.Yield(m.loc(idx), sched.KindRead)
	slot := m.pages.slot(idx)
	for slot != nil {
		p := slot.Load()
		if p == nil || !p.tryRef() {
			if p != nil && slot.Load() == p {
				continue // being freed: its slot is about to change
			}
			if p == nil {
				return nil
			}
			continue
		}
		if slot.Load() == p {
			return p
		}
		t.unref(m, p)
	}
	return nil
}

// insert puts a fresh page into the cache, locked and with a reference for
// the caller beside the cache's own. Nil without an error means that another
// task was faster.
func (m *AddressSpace) insert(t *Task, idx PageIndex) (*Page, error) {
	frame, err := m.mem.Alloc(t.Thread, int64(idx))
	if err != nil {
		return nil, fmt.Errorf("allocate page %d of %s: %w", idx, m, err)
	}
	p := m.fresh(t)
	p.index, p.frame = idx, frame
	p.lock = sched.Object{Name: "page lock", Owner: p, ID: uint64(m.loc(idx))}
	p.written = sched.Object{Name: "end of writeback", Owner: p, ID: uint64(m.loc(idx))}
	p.mapping.Store(m)
	p.flags.Store(pageLocked)
	p.refs.Store(2)
	t.Yield(m.loc(idx), sched.KindWrite)
	if !m.pages.grow(idx).CompareAndSwap(nil, p) {
		p.mapping.Store(nil) // no Discard: the place has another page
		p.refs.Store(1)
		t.unref(m, p)
		return nil, nil
	}
	m.cached.Add(1)
	if t.Deterministic() {
		m.bound = max(m.bound, idx+1)
	}
	t.Hold(&p.lock, sched.Exclusive)
	return p, nil
}

// remove takes a page out of the cache. Preconditions: the page is locked, in
// the cache, and mapped nowhere; the caller has its own reference.
func (m *AddressSpace) remove(t *Task, p *Page) {
	m.clearDirty(p)
	p.mapping.Store(nil)
	m.mem.Discard(t.Thread, p.frame) // before another page can take its place
	m.pages.slot(p.index).Store(nil)
	m.cached.Add(-1)
	t.Stats.Invalidated++
	t.unref(m, p)
}

// fresh takes a page from the pool.
func (m *AddressSpace) fresh(t *Task) *Page {
	m.pool.Lock(t.Thread)
	defer m.pool.Unlock(t.Thread)
	if n := len(m.poolFree); n > 0 {
		p := m.poolFree[n-1]
		m.poolFree = m.poolFree[:n-1]
		return p
	}
	p := new(Page)
	m.poolAll = append(m.poolAll, p)
	return p
}

// recycle puts a free page into the pool. A lookup that still holds its
// address finds no reference to take, or finds it in another place.
func (m *AddressSpace) recycle(t *Task, p *Page) {
	m.pool.Lock(t.Thread)
	m.poolFree = append(m.poolFree, p)
	m.pool.Unlock(t.Thread)
}

// setError records a write-back error for the next Sync, as
// mapping_set_error.
func (m *AddressSpace) setError(t *Task) {
	t.Yield(m.part(locError), sched.KindWrite)
	m.err.Add(1)
}

// takeError reads and clears what setError recorded.
func (m *AddressSpace) takeError(t *Task) bool {
	t.Yield(m.part(locError), sched.KindWrite)
	return m.err.Swap(0) > 0
}
