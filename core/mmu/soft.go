package mmu

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/sched"
)

// Frames are allocated in slabs: small files want few.
const minSlab, maxSlab = 8, 64

// entry is a page-table entry: the frame, and whether stores are allowed. The
// two entries of a frame live in it and never change, so a table slot is one
// pointer, and replacing it is one atomic store.
type entry struct {
	frame *Frame
	write bool
}

// using is where one CPU publishes the table slot it is using, as a hazard
// pointer; a shootdown waits until no CPU publishes the one it cleared.
type using = atomic.Pointer[atomic.Pointer[entry]]

// Soft is a Memory with page tables in software.
//
// An access publishes the table slot, reads it, copies, and withdraws. Zap
// swaps the slot for nil and then waits while any CPU publishes it. Both use
// sequentially consistent atomics, so either the access sees the cleared slot
// or the shootdown sees the access.
type Soft struct {
	cpus sched.PerThread[using]
	vmas atomic.Pointer[[]*softVMA]

	lock sched.SpinLock
	free []*Frame // under lock
	all  []*Frame // that there are, for Reset; under lock
	slab int      // pages of the last slab; under lock
}

// NewSoft returns an empty software Memory.
func NewSoft() *Soft {
	m := &Soft{}
	m.vmas.Store(new([]*softVMA))
	return m
}

// Name is "soft".
func (m *Soft) Name() string { return "soft" }

// Alloc returns a frame of the pool, and grows the pool when it is empty.
func (m *Soft) Alloc(t *sched.Thread, _ int64) (*Frame, error) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	if len(m.free) == 0 {
		m.grow()
	}
	f := m.free[len(m.free)-1]
	m.free = m.free[:len(m.free)-1]
	return f, nil
}

// grow adds a slab of frames. Preconditions: m.lock is held.
func (m *Soft) grow() {
	m.slab = min(max(2*m.slab, minSlab), maxSlab)
	slab := alignedSlab(m.slab)
	frames := make([]Frame, m.slab)
	for i := range frames {
		f := &frames[i]
		f.Mem = slab[i*PageSize : (i+1)*PageSize : (i+1)*PageSize]
		f.ro = entry{frame: f}
		f.rw = entry{frame: f, write: true}
		m.free = append(m.free, f)
		m.all = append(m.all, f)
	}
}

// Reset takes every frame back and removes every translation. Mappings stay.
//
// Preconditions: nobody uses the memory any more.
func (m *Soft) Reset() {
	m.free = append(m.free[:0], m.all...)
	for i := range m.cpus.Len() {
		m.cpus.At(i).Store(nil)
	}
	for _, v := range *m.vmas.Load() {
		for i := range v.table {
			v.table[i].Store(nil)
		}
	}
}

// Discard does nothing: whoever pinned the page may go on using the frame.
func (m *Soft) Discard(*sched.Thread, *Frame) {}

// Free puts the frame back into the pool.
func (m *Soft) Free(t *sched.Thread, f *Frame) {
	m.lock.Lock(t)
	m.free = append(m.free, f)
	m.lock.Unlock(t)
}

// NewVMA makes a mapping of n pages from page first.
func (m *Soft) NewVMA(t *sched.Thread, first, n int64, h Handler) (VMA, error) {
	if first < 0 || n <= 0 {
		return nil, fmt.Errorf("map [%d, %d) pages: empty or negative range", first, first+n)
	}
	v := &softVMA{mem: m, first: first, table: make([]atomic.Pointer[entry], n), handler: h}
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	vmas := append(append([]*softVMA(nil), *m.vmas.Load()...), v)
	m.vmas.Store(&vmas)
	return v, nil
}

func (m *Soft) remove(t *sched.Thread, v *softVMA) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	var vmas []*softVMA
	for _, o := range *m.vmas.Load() {
		if o != v {
			vmas = append(vmas, o)
		}
	}
	m.vmas.Store(&vmas)
}

// Zap removes the translations of page idx.
func (m *Soft) Zap(t *sched.Thread, idx int64) {
	for _, v := range *m.vmas.Load() {
		if e := v.at(idx - v.first); e != nil && e.Load() != nil {
			e.Store(nil)
			m.shootdown(t, e)
		}
	}
}

// Protect makes the translations of page idx read-only.
func (m *Soft) Protect(t *sched.Thread, idx int64) {
	for _, v := range *m.vmas.Load() {
		e := v.at(idx - v.first)
		if e == nil {
			continue
		}
		if old := e.Load(); old != nil && old.write {
			e.Store(&old.frame.ro)
			m.shootdown(t, e)
		}
	}
}

// shootdown waits until no CPU uses the slot. An access is a few dozen
// instructions that neither block nor take a lock, so this ends.
func (m *Soft) shootdown(t *sched.Thread, e *atomic.Pointer[entry]) {
	for i := range m.cpus.Len() {
		for m.cpus.At(i).Load() == e {
			_ = t.Spin(0) // a cancelled case still waits: the access ends by itself
		}
	}
}

// Close drops the pool.
func (m *Soft) Close() error {
	m.free, m.all = nil, nil
	return nil
}

// softVMA is one mapping: a table of slots.
type softVMA struct {
	mem     *Soft
	first   int64
	table   []atomic.Pointer[entry]
	handler Handler
	closed  atomic.Bool
}

// at returns the slot of page idx, or nil outside the mapping.
func (v *softVMA) at(idx int64) *atomic.Pointer[entry] {
	if uint64(idx) >= uint64(len(v.table)) {
		return nil
	}
	return &v.table[idx]
}

// Install maps the frame at page idx.
func (v *softVMA) Install(idx int64, f *Frame, write bool) error {
	e := &v.table[idx]
	if write {
		e.Store(&f.rw)
	} else if e.Load() == nil { // never take the right to store away
		e.Store(&f.ro)
	}
	return nil
}

// Mapped says what page idx may be used for.
func (v *softVMA) Mapped(idx int64) (present, writable bool) {
	e := v.table[idx].Load()
	return e != nil, e != nil && e.write
}

// enter begins an access: it returns the frame and the CPU's slot, which the
// caller clears after the access; or it handles the fault and says to retry
// (nil, nil, nil), or fails.
func (v *softVMA) enter(cpu *CPU, off int64, write bool) (*Frame, *using, error) {
	idx := off / PageSize
	e := v.at(idx)
	if e == nil || off < 0 || v.closed.Load() {
		return nil, nil, fmt.Errorf("%w: offset %#x of a mapping of %d pages", ErrUnmapped, off, len(v.table))
	}
	s := v.mem.cpus.Of(cpu.Thread)
	s.Store(e)
	p := e.Load()
	if p != nil && (p.write || !write) {
		return p.frame, s, nil
	}
	s.Store(nil)
	return nil, nil, v.handler.Fault(cpu, v, idx, access(p != nil, write))
}

func access(present, write bool) Access {
	switch {
	case !write:
		return Read
	case present:
		return WriteProtect
	}
	return Write
}

// Load returns the aligned 8-byte word at off.
func (v *softVMA) Load(cpu *CPU, off int64) (uint64, error) {
	for {
		f, s, err := v.enter(cpu, off, false)
		if err != nil {
			return 0, err
		}
		if f != nil {
			x := load64(f.Mem, off%PageSize)
			s.Store(nil)
			return x, nil
		}
	}
}

// Store sets the aligned 8-byte word at off.
func (v *softVMA) Store(cpu *CPU, off int64, x uint64) error {
	for {
		f, s, err := v.enter(cpu, off, true)
		if err != nil {
			return err
		}
		if f != nil {
			store64(f.Mem, off%PageSize, x)
			s.Store(nil)
			return nil
		}
	}
}

// Read copies out of the mapping.
func (v *softVMA) Read(cpu *CPU, p []byte, off int64) (int, error) {
	for n := 0; ; {
		if n == len(p) {
			return n, nil
		}
		at := off + int64(n)
		f, s, err := v.enter(cpu, at, false)
		if err != nil {
			return n, err
		}
		if f != nil {
			n += Copy(p[n:], f.Mem[at%PageSize:])
			s.Store(nil)
		}
	}
}

// Write copies into the mapping.
func (v *softVMA) Write(cpu *CPU, p []byte, off int64) (int, error) {
	for n := 0; ; {
		if n == len(p) {
			return n, nil
		}
		at := off + int64(n)
		f, s, err := v.enter(cpu, at, true)
		if err != nil {
			return n, err
		}
		if f != nil {
			n += Copy(f.Mem[at%PageSize:], p[n:])
			s.Store(nil)
		}
	}
}

// Close removes the mapping and its translations.
func (v *softVMA) Close(t *sched.Thread) {
	v.closed.Store(true)
	for i := range v.table {
		if e := &v.table[i]; e.Load() != nil {
			e.Store(nil)
			v.mem.shootdown(t, e)
		}
	}
	v.mem.remove(t, v)
}
