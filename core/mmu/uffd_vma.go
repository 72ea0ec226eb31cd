//go:build linux && (amd64 || arm64)

package mmu

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core/sched"
)

// uffdVMA is one mapping of the memfd.
type uffdVMA struct {
	mem     *Userfaultfd
	first   int64
	handler Handler
	user    []byte
	base    uintptr // of user
	table   []pte
	limit   atomic.Int64 // bytes that may be accessed: 0 once it is closed
}

// pte is what we know of a page's translation. Its lock bit is held over the
// system calls that change the translation; the page lock of core, which
// installs and removals hold anyway, does not cover diversions.
//
// The diversion is the upper bits, a count of failing accesses whose harmless
// page is in place, and a generation that changes when they come and go. An
// access that finds them changed afterwards may have met the harmless page,
// and is done again.
type pte struct{ atomic.Uint64 }

const (
	ptePresent uint64 = 1 << iota
	pteWritable
	pteLocked

	pteDivert     uint64 = 1 << 8 // one failing access
	pteGeneration uint64 = 1 << 32
	pteDiverted          = pteGeneration - pteDivert // the count
	pteDiversion         = ^(pteDivert - 1)          // count and generation
)

// lock returns the entry without the lock bit.
func (e *pte) lock() uint64 {
	for {
		p := e.Load() &^ pteLocked
		if e.CompareAndSwap(p, p|pteLocked) {
			return p
		}
		runtime.Gosched()
	}
}

// unlock sets the entry.
func (e *pte) unlock(p uint64) { e.Store(p) }

// at returns the entry of page idx, or nil outside the mapping.
func (v *uffdVMA) at(idx int64) *pte {
	if uint64(idx) >= uint64(len(v.table)) {
		return nil
	}
	return &v.table[idx]
}

// page is the address of page idx.
func (v *uffdVMA) page(idx int64) uintptr { return v.base + uintptr(idx)*PageSize }

// bytes is page idx, for system calls about it.
func (v *uffdVMA) bytes(idx int64) []byte { return v.user[idx*PageSize : (idx+1)*PageSize] }

// Mapped says what page idx may be used for.
func (v *uffdVMA) Mapped(idx int64) (present, writable bool) {
	p := v.table[idx].Load()
	return p&ptePresent != 0, p&pteWritable != 0
}

// Install maps the page of the memfd at page idx. If a harmless page is in its
// place, that stays: its users will come again. Nobody is woken: the handler
// that is at work for a task does that when it is through (resolve).
func (v *uffdVMA) Install(idx int64, _ *Frame, write bool) error {
	e := &v.table[idx]
	p := e.lock()
	if v.limit.Load() == 0 {
		e.unlock(p)
		return v.unmapped(idx * PageSize)
	}
	if p&pteDiverted != 0 {
		e.unlock(p)
		return nil
	}
	rights := p&(ptePresent|pteWritable) | ptePresent // never take the right to store away
	if write {
		rights |= pteWritable
	}
	err := v.install(idx, p, rights)
	if err == nil {
		p |= rights
	}
	e.unlock(p)
	if err != nil {
		return fmt.Errorf("map page %d: %w", idx, err)
	}
	return nil
}

// install makes the translation what rights says. The table may be behind the
// hardware: a translation may have gone.
func (v *uffdVMA) install(idx int64, p, rights uint64) error {
	page, fd := v.page(idx), v.mem.fd
	if rights&pteWritable == 0 {
		return exists(fd.cont(page, continueWP|continueDontWake))
	}
	if p&ptePresent != 0 && p&pteWritable == 0 {
		return fd.protect(page, writeprotectDontWake)
	}
	err := fd.cont(page, continueDontWake)
	if err == unix.EEXIST {
		return fd.protect(page, writeprotectDontWake)
	}
	return err
}

// exists takes for done what has been done before.
func exists(err error) error {
	if err == unix.EEXIST {
		return nil
	}
	return err
}

// zap removes the translation of page idx.
func (v *uffdVMA) zap(idx int64) {
	e := v.at(idx)
	if e == nil || e.Load()&ptePresent == 0 {
		return
	}
	p := e.lock()
	if p&ptePresent != 0 {
		if unix.Madvise(v.bytes(idx), unix.MADV_DONTNEED) != nil {
			panic("mmu: madvise(2) does not unmap a page")
		}
		p &^= ptePresent | pteWritable
	}
	e.unlock(p)
}

// protect makes the translation of page idx read-only.
func (v *uffdVMA) protect(idx int64) {
	e := v.at(idx)
	if e == nil || e.Load()&pteWritable == 0 {
		return
	}
	p := e.lock()
	if p&pteWritable != 0 {
		if v.mem.fd.protect(v.page(idx), writeprotectWP) != nil {
			panic("mmu: UFFDIO_WRITEPROTECT does not protect a page")
		}
		p &^= pteWritable
	}
	e.unlock(p)
}

// divert puts a harmless page in the place of page idx, so that an access that
// must fail can end: it may not end in a signal. The access that fails is told
// so by its CPU, and calls undo; any other that meets the page finds the entry
// changed and comes again.
//
// A store that went to the real page, just before that was unmapped and
// diverted, comes again as well, and is then carried out twice with the same
// value. That takes a failing access to the page while the store is under way;
// its task has not been told that it is done.
func (v *uffdVMA) divert(idx int64) {
	e := &v.table[idx]
	p := e.lock()
	changed := p&^(ptePresent|pteWritable) + pteDivert + pteGeneration
	e.Store(changed | pteLocked) // before the page is there: nobody may meet it and not know
	if p&pteDiverted == 0 {
		v.replace(idx, -1, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	}
	e.unlock(changed)
}

// undo ends one diversion; the last puts the memfd back. Between the mapping
// and its registration nothing faults, so translations that were made then are
// removed before accesses count again.
func (v *uffdVMA) undo(idx int64) {
	e := &v.table[idx]
	p := e.lock() - pteDivert + pteGeneration
	if p&pteDiverted == 0 {
		v.replace(idx, v.mem.memfd, unix.MAP_SHARED)
		b := v.bytes(idx)
		noHugePages(b)
		if v.mem.fd.register(v.page(idx), PageSize, registerAll) != nil || unix.Madvise(b, unix.MADV_DONTNEED) != nil {
			panic("mmu: a page of a mapping cannot be registered again")
		}
	}
	e.unlock(p)
}

// replace maps something else over page idx.
func (v *uffdVMA) replace(idx int64, fd int, flags int) {
	off := (v.first + idx) * PageSize
	if fd < 0 {
		off = 0
	}
	_, err := unix.MmapPtr(fd, off, unsafe.Pointer(&v.bytes(idx)[0]), PageSize,
		unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_FIXED)
	if err != nil {
		panic("mmu: mmap(2) does not replace a page of a mapping")
	}
}

// begin checks an access of n bytes inside one page, and tells the handlers
// what it is. It returns the entry as it is before the access.
func (v *uffdVMA) begin(cpu *CPU, off, n int64) (uint64, error) {
	if off < 0 || off+n > v.limit.Load() {
		return 0, v.unmapped(off)
	}
	if off&(PageSize-1)+n > PageSize {
		panic("mmu: a word across two pages")
	}
	h := &cpu.hw
	if h.vma != v {
		v.mem.enrol(cpu)
		h.vma = v
	}
	h.idx = off / PageSize
	e := &v.table[h.idx]
	p := e.Load()
	for p&pteDiverted != 0 {
		runtime.Gosched()
		p = e.Load()
	}
	h.depart()
	return p, nil
}

func (v *uffdVMA) unmapped(off int64) error {
	return fmt.Errorf("%w: offset %#x of a mapping of %d pages", ErrUnmapped, off, len(v.table))
}

// end is what follows the access: it waits until no handler uses the task any
// more, and says whether the access has to be done again, or has failed.
func (v *uffdVMA) end(cpu *CPU, p uint64) (again bool, err error) {
	h := &cpu.hw
	if h.claim.Load() != 0 {
		h.await()
	}
	if h.err != nil {
		err, h.err = h.err, nil
		v.undo(h.idx)
		return false, err
	}
	return (v.table[h.idx].Load()^p)&pteDiversion != 0, nil
}

// Load returns the aligned 8-byte word at off.
func (v *uffdVMA) Load(cpu *CPU, off int64) (uint64, error) {
	for {
		p, err := v.begin(cpu, off, 8)
		if err != nil {
			return 0, err
		}
		x := bracketLoad(&cpu.hw, v.base+uintptr(off))
		if again, err := v.end(cpu, p); !again {
			return x, err
		}
	}
}

// Store sets the aligned 8-byte word at off.
func (v *uffdVMA) Store(cpu *CPU, off int64, x uint64) error {
	for {
		p, err := v.begin(cpu, off, 8)
		if err != nil {
			return err
		}
		bracketStore(&cpu.hw, v.base+uintptr(off), x)
		if again, err := v.end(cpu, p); !again {
			return err
		}
	}
}

// Read copies out of the mapping.
func (v *uffdVMA) Read(cpu *CPU, p []byte, off int64) (int, error) {
	return v.copy(cpu, p, off, func(h *inFlight, mem, p []byte) {
		bracketCopy(h, unsafe.Pointer(&p[0]), unsafe.Pointer(&mem[0]), uintptr(len(p)))
	})
}

// Write copies into the mapping.
func (v *uffdVMA) Write(cpu *CPU, p []byte, off int64) (int, error) {
	return v.copy(cpu, p, off, func(h *inFlight, mem, p []byte) {
		bracketCopy(h, unsafe.Pointer(&mem[0]), unsafe.Pointer(&p[0]), uintptr(len(p)))
	})
}

// copy calls access for each page's part of p.
func (v *uffdVMA) copy(cpu *CPU, p []byte, off int64, access func(h *inFlight, mem, p []byte)) (int, error) {
	for n := 0; n < len(p); {
		at := off + int64(n)
		k := min(len(p)-n, PageSize-int(at&(PageSize-1)))
		e, err := v.begin(cpu, at, int64(k))
		if err != nil {
			return n, err
		}
		access(&cpu.hw, v.user[at:at+int64(k)], p[n:n+k])
		again, err := v.end(cpu, e)
		if err != nil {
			return n, err
		}
		if !again {
			n += k
		}
	}
	return len(p), nil
}

// Close removes the mapping.
func (v *uffdVMA) Close(t *sched.Thread) {
	v.mem.remove(t, v)
	v.unmap()
}

// unmap is the end. The cache may be shooting down a page of the mapping
// meanwhile: after the walk nobody touches a translation any more.
func (v *uffdVMA) unmap() {
	if v.limit.Swap(0) == 0 {
		return
	}
	for i := range v.table {
		p := v.table[i].lock()
		v.table[i].unlock(p &^ (ptePresent | pteWritable))
	}
	if unix.Munmap(v.user) != nil {
		panic("mmu: munmap(2) does not remove a mapping")
	}
}
