//go:build linux && (amd64 || arm64)

package mmu

import (
	"sync/atomic"
	"unsafe"
)

// # Accesses that fault
//
// The Go runtime takes a goroutine in a page fault for one that runs: it keeps
// its P, and cannot be preempted. A plain load from a mapping whose faults our
// own goroutine answers can therefore hang the whole program:
//
//	goroutine A: plain load   -> page fault, waits for the handler
//	garbage collector         -> stops the world, waits for A to reach a safe point
//	goroutine H, the handler  -> stopped with the rest of the world; A waits for it
//
// (mmu_test: TestPlainAccessHangs.) So an access is bracketed as a system call
// is: between entersyscall and exitsyscall the runtime may take the P away and
// does not wait for the goroutine. In the bracket only code runs that can
// neither grow the stack nor be preempted: a few instructions of assembly.
//
// What the bracket cannot do is survive a SIGSEGV or SIGBUS: the runtime ends
// the process. So the mapping must be there, and an access that has to fail is
// made to succeed on a page that nobody reads (uffdVMA.divert).
//
// The runtime lets packages outside link to these two (go.dev/issue/67401); a
// package with such declarations needs an assembly file.

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// inFlight is the access that a CPU carries out, for the fault handlers.
//
// In the bracket the accessor publishes the thread it runs on, accesses, and
// withdraws. A handler that reads a message of that thread claims the CPU, and
// uses the task until it lets go: the accessor does not leave before. Claiming
// and withdrawing meet as in Dekker's algorithm: each writes its word, then
// looks at the other's, with a fence between (WITHDRAW in the assembly).
//
// Usually the accessor is stuck meanwhile. But what wakes one thread that
// waits for a page wakes all, and a signal lets a thread try again: so it may
// be through while its message is still being handled, or be reported twice.
type inFlight struct {
	tid uint32 // the thread in the access, 0 outside of it; written in assembly

	claim atomic.Uint32 // the bits below
	wake  chan struct{} // one token, for an accessor that found itself claimed

	// Written by the accessor before it publishes; by that, and by the message
	// which follows from it, handlers may read them.
	vma   *uffdVMA
	idx   int64 // page of the mapping
	pages int64 // from there on, that a system call reads; 0: the access is ours

	// Of the handler that claimed, and then of the accessor: the access has
	// failed, and the page is diverted; or what was refused to the system call.
	err     error
	refused refusal
}

// Bits of inFlight.claim.
const (
	looking = 1 << iota // a handler looks whether it has to do with this CPU
	claimed             // it has, and uses the task
	awaited             // the accessor sleeps until the handler lets go
)

// load8, store8 and copyBytes publish h, access, and withdraw. The accesses of
// aligned words are single: the 8 bytes at p, and each aligned 8 bytes of dst
// and src if those are aligned alike.
//
//go:noescape
func load8(h *inFlight, p uintptr) uint64

//go:noescape
func store8(h *inFlight, p uintptr, v uint64)

//go:noescape
func copyBytes(h *inFlight, dst, src unsafe.Pointer, n uintptr)

// The brackets. Each is its own function because entersyscall remembers the
// frame of its caller, which must still be there at exitsyscall.

//go:nosplit
//go:norace
//go:noinline
func bracketLoad(h *inFlight, p uintptr) uint64 {
	entersyscall()
	v := load8(h, p)
	exitsyscall()
	return v
}

//go:nosplit
//go:norace
//go:noinline
func bracketStore(h *inFlight, p uintptr, v uint64) {
	entersyscall()
	store8(h, p, v)
	exitsyscall()
}

//go:nosplit
//go:norace
//go:noinline
func bracketCopy(h *inFlight, dst, src unsafe.Pointer, n uintptr) {
	entersyscall()
	copyBytes(h, dst, src, n)
	exitsyscall()
}

// depart tells the race detector what the kernel does: what the task did
// before the access comes before what a handler does after it has read the
// message about it.
func (h *inFlight) depart() {
	if raceEnabled {
		h.claim.Or(0)
	}
}
