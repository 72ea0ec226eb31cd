// Package mmu is the page tables of the page cache: which user mapping may
// reach which page's memory, and what happens when it may not.
//
// A [Memory] is what one address space needs of it: frames, which are the
// memory of its pages as the cache itself sees it (the kernel's linear map),
// and the mappings through which tasks see the same frames. An access through
// a [VMA] that finds no translation, or one that does not allow it, calls the
// [Handler], as a CPU calls the page-fault handler.
//
// The invariant that the page cache builds on: when [Memory.Zap] or
// [Memory.Protect] returns, no access that used the removed translation is
// still in flight. A real machine gets this from the TLB shootdown.
//
// Installing and removing translations of one page is serialised by the
// caller, who holds that page's lock.
//
// There are two. [Soft] keeps the tables in software: portable, unprivileged
// and deterministic. What it cannot show: the cost of a real fault, and that
// the access which faults is a plain CPU instruction. Userfaultfd (Linux) has
// the hardware's: the frames are the pages of a memfd, a VMA is a real mapping
// of it, and userfaultfd(2) tells us of its faults. It cannot be stepped by a
// deterministic scheduler.
//
// Reading order: this file; soft.go; then uffd.go (memory), uffd_vma.go
// (mappings), accessor_linux.go (how an access may fault at all),
// uffd_handler.go (who answers), uffd_ioctl.go (what the kernel is told);
// uffd_systemcall.go (a mapping as the buffer of a system call).
package mmu

import (
	"errors"

	"cohbench/core/sched"
)

// PageSize is the unit of translation in bytes.
const PageSize = 4096

// ErrUnmapped is SIGSEGV: an access to a mapping that has been removed, or
// beyond its end.
var ErrUnmapped = errors.New("access to an unmapped address (SIGSEGV)")

// CPU is what the MMU knows of the task that accesses memory.
type CPU struct {
	*sched.Thread
	Task any // the task, for the fault handler; the MMU does not look at it

	hw inFlight // with accesses in hardware: the one under way
}

// Access says what the CPU tried when it faulted.
type Access uint8

// The three faults a shared file mapping knows.
const (
	Read         Access = iota // load, no translation
	Write                      // store, no translation
	WriteProtect               // store, read-only translation
)

// Handler resolves faults.
type Handler interface {
	// Fault makes page idx of the mapping accessible, or says why the access
	// must fail. After nil the access is tried again; it may fault again.
	Fault(cpu *CPU, v VMA, idx int64, access Access) error
}

// Frame is the memory of one page.
type Frame struct {
	// Mem is the cache's own view of the page. Use Copy and Clear on it:
	// mappings access it at the same time.
	Mem []byte
	// Fleeting is set when Mem belongs to the place in the file rather than to
	// the page: after Discard it holds something else. Who copies from it
	// without the page lock must look afterwards whether the page is still in
	// the cache.
	Fleeting bool

	ro, rw entry // soft: the two translations to this frame, so that installing one allocates nothing
	idx    int64 // userfaultfd: the page of the file that this is the memory of
}

// Memory is frames and page tables of one address space. Page indices count
// pages from the start of the file.
type Memory interface {
	// Name is the MMU's name: "soft", "userfaultfd".
	Name() string
	// Alloc returns memory for page idx; its contents are undefined.
	Alloc(t *sched.Thread, idx int64) (*Frame, error)
	// Discard says that the page has left the cache: nothing maps it, and new
	// lookups find another page. The caller holds the page's lock.
	Discard(t *sched.Thread, f *Frame)
	// Free gives a frame back when the last user of the page is gone.
	Free(t *sched.Thread, f *Frame)
	// NewVMA makes a mapping of n pages from page first, with no translations.
	NewVMA(t *sched.Thread, first, n int64, h Handler) (VMA, error)
	// Zap removes every translation of page idx, and waits for the accesses
	// that use one.
	Zap(t *sched.Thread, idx int64)
	// Protect makes every translation of page idx read-only, and waits for
	// the stores that use one.
	Protect(t *sched.Thread, idx int64)
	// Close releases the memory. No mapping may be left.
	Close() error
}

// VMA is one mapping. Offsets are bytes and idx pages from its start.
type VMA interface {
	// Install maps the frame at page idx. The caller holds the page's lock.
	Install(idx int64, f *Frame, write bool) error
	// Mapped says whether page idx has a translation, and one for stores.
	Mapped(idx int64) (present, writable bool)
	// Load and Store access the aligned 8-byte word at off.
	Load(cpu *CPU, off int64) (uint64, error)
	Store(cpu *CPU, off int64, v uint64) error
	// Read and Write copy between p and the mapping, page by page; they
	// return how many bytes were copied before an error.
	Read(cpu *CPU, p []byte, off int64) (int, error)
	Write(cpu *CPU, p []byte, off int64) (int, error)
	// Close removes the mapping: later accesses get ErrUnmapped. The caller
	// sees to it that none is in flight, as nothing here is an mmap_lock.
	Close(t *sched.Thread)
}
