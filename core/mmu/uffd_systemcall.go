//go:build linux && (amd64 || arm64)

package mmu

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// refusal is a fault inside a system call that the handler did not resolve.
type refusal struct {
	thread uint32
	idx    int64
	err    error
}

// OSThread is the thread that carries out the CPU's access or system call, as
// the kernel numbers it; 0 outside of one. It is for the Handler.
func (c *CPU) OSThread() int { return int(atomic.LoadUint32(&c.hw.tid)) }

// SystemCall implements SystemCaller. The kernel waits for the answer to a
// fault inside the call as it does for one of user mode, but for the answer
// itself: no harmless page can be put in place of one that is refused, because
// the kernel would take that for the data. A poisoned entry fails the pinning.
func (v *uffdVMA) SystemCall(cpu *CPU, off, n int64, call func(mem []byte) error) error {
	if !v.mem.refusals {
		return &UnsupportedError{"a mapping as the buffer of a system call", "userfaultfd was opened without KernelFaults and Refusals"}
	}
	if off < 0 || n <= 0 || off+n > v.limit.Load() {
		return v.unmapped(off)
	}
	h := v.enter(cpu, off, n)
	err := call(v.user[off : off+n : off+n])
	refused := h.leave()
	if refused.err == nil {
		return err
	}
	v.unpoison(refused.idx)
	if err == nil {
		return nil // another answer came first, and the page was there
	}
	return &RefusedError{int(refused.thread), refused.idx, refused.err, err}
}

// enter publishes the access to the pages of [off, off+n) that this thread is
// about to have the kernel make, and ties the goroutine to the thread.
func (v *uffdVMA) enter(cpu *CPU, off, n int64) *inFlight {
	h := &cpu.hw
	v.mem.enrol(cpu)
	h.vma, h.idx = v, off/PageSize
	h.pages = (off+n-1)/PageSize - h.idx + 1
	h.depart()
	runtime.LockOSThread()
	atomic.StoreUint32(&h.tid, uint32(unix.Gettid()))
	return h
}

// leave withdraws, waits until no handler uses the task, and returns what was
// refused.
func (h *inFlight) leave() refusal {
	atomic.StoreUint32(&h.tid, 0) // with a fence, as claim needs
	runtime.UnlockOSThread()
	if h.claim.Load() != 0 {
		h.await()
	}
	r := h.refused
	h.refused, h.pages = refusal{}, 0
	return r
}

// refuse has the system call of a claimed CPU fail for its fault at page idx.
// If there is a translation after all, the call may go on.
func (v *uffdVMA) refuse(h *inFlight, idx int64, err error) {
	e := &v.table[idx]
	p := e.lock()
	perr := v.mem.fd.poison(v.page(idx))
	if perr == unix.EEXIST && p&ptePresent == 0 {
		// The mark that a write-protected translation leaves when it is zapped.
		if v.mem.fd.protect(v.page(idx), writeprotectDontWake) == nil {
			perr = v.mem.fd.poison(v.page(idx))
		}
	}
	switch perr {
	case nil:
		h.refused = refusal{atomic.LoadUint32(&h.tid), idx, err}
	case unix.EEXIST:
	default:
		panic("mmu: UFFDIO_POISON does not refuse a page")
	}
	e.unlock(p)
}

// unpoison has the next access to page idx fault again.
func (v *uffdVMA) unpoison(idx int64) {
	e := &v.table[idx]
	p := e.lock()
	if unix.Madvise(v.bytes(idx), unix.MADV_DONTNEED) != nil {
		panic("mmu: madvise(2) does not clear a page of a mapping")
	}
	e.unlock(p &^ (ptePresent | pteWritable))
}
