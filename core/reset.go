package core

import (
	"fmt"

	"cohbench/core/sched"
)

// Reset makes of the file what NewAddressSpace would, without allocating: an
// empty cache over what the disk holds now, all locks free, whatever a case
// that did not end well left behind. Mappings stay, with no translations, and
// so does the file system unless opts names one; its table is emptied. It is for memories that can be emptied like that (mmu.Soft).
//
// Preconditions: no task uses the file any more, even if it is still inside.
func (m *AddressSpace) Reset(opts Options) error {
	mem, ok := m.mem.(interface{ Reset() })
	if !ok {
		return &UnsupportedError{Feature: fmt.Sprintf("resetting a file on MMU %s", m.mem.Name()), Why: "its page tables are not in software"}
	}
	if opts.FileSystem == nil {
		opts.FileSystem = m.opts.FileSystem
	}
	m.opts = opts.under(m.policy)
	if m.opts.FileSystem != nil {
		m.opts.FileSystem.Reset()
	}
	m.resetPages()
	mem.Reset()
	m.resetLocks()
	m.exposed.reset()
	m.err.Store(0)
	m.load()
	return nil
}

// resetPages empties the cache and puts every page into the pool, those that
// had left the cache included.
func (m *AddressSpace) resetPages() {
	m.poolFree = m.poolFree[:0]
	for _, p := range m.poolAll {
		if s := m.pages.slot(p.index); s != nil {
			s.Store(nil)
		}
		p.reset()
		m.poolFree = append(m.poolFree, p)
	}
	m.cached.Store(0)
	m.dirty.Store(0)
	m.writebacks.Store(0)
}

func (p *Page) reset() {
	p.mapping.Store(nil)
	p.flags.Store(0)
	p.refs.Store(0)
	p.frame = nil
	p.wait = sched.WaitQueue{}
}

func (m *AddressSpace) resetLocks() {
	m.inode.Reset()
	m.direct.Store(0)
	m.directWait = sched.WaitQueue{}
	if m.pagecache == nil {
		return
	}
	if l, ok := m.pagecache.(interface{ Reset() }); ok {
		l.Reset()
		return
	}
	m.pagecache = m.policy.Lock()
	m.name(m.pagecache.Object(), locPagecache)
}

// Reset frees the lock, and forgets who waits for it. It keeps its name.
//
// Preconditions: nobody uses it.
func (l *TwoStateLock) Reset() {
	l.v = 0
	l.wait = sched.WaitQueue{}
}

// Reset frees the semaphore, and forgets who waits for it. It keeps its name.
//
// Preconditions: nobody uses it.
func (s *RWSem) Reset() {
	s.count.Store(0)
	s.wait = sched.WaitList{}
}

func (e *exposures) reset() {
	for i := range e.writes.Len() {
		e.writes.At(i).Store(0)
	}
	for i := range e.attempts.Len() {
		e.attempts.At(i).Store(0)
	}
}

// Reset makes of the task what NewTask would for t, and keeps its buffers.
//
// Preconditions: nobody uses the task.
func (t *Task) Reset(th *sched.Thread) {
	t.Thread = th
	t.cpu.Thread = th
	t.MM = nil
	t.faultsDisabled, t.droppedLocks, t.nofault = nil, false, false
	t.Stats = TaskStats{}
	t.io = DirectIO{}
	clear(t.pins)
	t.pins = t.pins[:0]
	clear(t.run[:])
}
