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
	// costs a direct write three loads.
	cached, dirty, writebacks atomic.Int64

	inode     RWSem         // i_rwsem
	pagecache PagecacheLock // the policy's lock between filling and shooting down; nil for none

	direct     atomic.Int64 // i_dio_count: direct IO in flight
	directObj  sched.Object
	directWait sched.WaitQueue

	exposed exposures
	err     atomic.Uint32 // write-back errors nobody was told of yet

	pool     sched.SpinLock
	poolFree []*Page // under pool
}

// Options are the variants of the cache's own rules, for controls. The zero
// value is the right one.
type Options struct {
	// DirtyAfterCopy is the kernel's order in a buffered write: copy first,
	// mark dirty after. A direct read in between misses data that a buffered
	// read has already returned.
	DirtyAfterCopy bool
	// PinsBusy makes a pinned page fail invalidation with EBUSY. The kernel
	// ignores pins, and has to: with this set, one task holds a pin and waits
	// to add while another holds the block and spins on the pin.
	PinsBusy bool
	// MaxPin is how many pages of a mapped buffer a direct IO pins at once;
	// 0 means 256, the kernel's BIO_MAX_VECS.
	MaxPin int
}

// maxPin is the default, and the most, of Options.MaxPin.
const maxPin = 256

// lastID numbers address spaces. The order between files must be fixed for as
// long as both are open; creation order is, and so it is the same in every
// schedule of a test.
var lastID atomic.Uint64

// NewAddressSpace is an empty cache of d under a policy. Every file of a group
// has its own.
func NewAddressSpace(p *Policy, d disk.Disk, mem mmu.Memory, opts Options) *AddressSpace {
	if opts.MaxPin <= 0 || opts.MaxPin > maxPin {
		opts.MaxPin = maxPin
	}
	m := &AddressSpace{id: lastID.Add(1), policy: p, opts: opts, disk: d, mem: mem}
	if p.Lock != nil {
		m.pagecache = p.Lock()
		m.name(m.pagecache.Object(), "pagecache lock", 1)
	}
	m.name(m.inode.Object(), "inode lock", 2)
	m.name(&m.directObj, "count of direct IO in flight", 3)
	m.size.Store(d.Size())
	return m
}

// name makes a lock of the file known to the wait-for graph and to schedulers.
// Locks have the locations before that of page 0.
func (m *AddressSpace) name(o *sched.Object, name string, n uint64) {
	*o = sched.Object{Name: name, Owner: m, ID: m.id<<40 | n}
}

// String names the file in reports.
func (m *AddressSpace) String() string { return fmt.Sprintf("file %d", m.id) }

// Size is the length of the file in bytes.
func (m *AddressSpace) Size() int64 { return m.size.Load() }

// loc is page idx of this file as a scheduler knows it.
func (m *AddressSpace) loc(idx PageIndex) sched.Loc { return sched.Loc(m.id<<40 | uint64(idx) + 16) }

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
		t.put(m, p)
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
	p.mapping.Store(m)
	p.flags.Store(pageLocked)
	p.refs.Store(2)
	t.Yield(m.loc(idx), sched.KindWrite)
	if !m.pages.grow(idx).CompareAndSwap(nil, p) {
		p.mapping.Store(nil) // no Discard: the place has another page
		p.refs.Store(1)
		t.put(m, p)
		return nil, nil
	}
	m.cached.Add(1)
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
	t.put(m, p)
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
	return new(Page)
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
func (m *AddressSpace) setError() { m.err.Add(1) }
