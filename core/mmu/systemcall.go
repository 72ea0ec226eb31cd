package mmu

import "fmt"

// SystemCaller is a [VMA] whose memory can be the buffer of a system call, so
// that the kernel's get_user_pages takes the faults. Userfaultfd has it, where
// it was made with [UserfaultfdConfig.KernelFaults] and Refusals.
type SystemCaller interface {
	// SystemCall has call make a system call that reads mem, the n bytes at off
	// of the mapping, and return an error if it did not read all; call itself
	// must not touch them. A fault that the kernel takes meanwhile is the CPU's:
	// its Handler is called, on another goroutine. If that fails, the system
	// call gets EFAULT for the fault; the error is then a *RefusedError.
	//
	// Preconditions: nobody else uses these pages of the mapping meanwhile: an
	// access to a page that was refused to the kernel would be a SIGBUS. The
	// handler waits for nothing that call holds, the kernel's inode lock of the
	// file that is read or written included.
	SystemCall(cpu *CPU, off, n int64, call func(mem []byte) error) error
}

// RefusedError is a system call that failed because of a fault that its CPU's
// Handler did not want to resolve.
type RefusedError struct {
	Thread int   // that took the fault, as the kernel numbers it
	Page   int64 // of the mapping
	Fault  error // the handler's
	Call   error // the system call's
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%v: fault of thread %d at page %d of the mapping refused: %v", e.Call, e.Thread, e.Page, e.Fault)
}

// Unwrap is both causes.
func (e *RefusedError) Unwrap() []error { return []error{e.Fault, e.Call} }
