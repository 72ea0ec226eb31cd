package kernelfs

import "cohbench/core"

// Engine is the running kernel, on the file system that the data file is on.
type Engine struct {
	// HugePages asks for huge pages behind mappings, madvise(MADV_HUGEPAGE):
	// on a file system with large folios a fault then brings many pages into
	// the cache as one, which become dirty together.
	HugePages bool
	Direct    Interface
}

// An Interface is how direct IO gets to the kernel.
type Interface int

// The interfaces. By AIO and URing a request ends outside of the system call
// that began it, and a task can have several in flight.
const (
	Calls Interface = iota // pread(2) and pwrite(2)
	AIO                    // io_submit(2)
	URing                  // io_uring(7)
)

func (i Interface) suffix() string { return [...]string{"", "-aio", "-uring"}[i] }

// Engines is the engines of this package, in display order.
func Engines() []core.Engine {
	return []core.Engine{Engine{}, Engine{HugePages: true}, Engine{Direct: AIO}, Engine{Direct: URing}}
}

// Name is "kernel", and "-huge", "-aio" and "-uring" where they apply.
func (e Engine) Name() string {
	name := "kernel"
	if e.HugePages {
		name += "-huge"
	}
	return name + e.Direct.suffix()
}

// Doc says what is under test.
func (e Engine) Doc() string {
	switch e {
	case Engine{HugePages: true}:
		return "As kernel, with MADV_HUGEPAGE on the mappings: where the file system has large folios, a store makes many pages " +
			"dirty at once, and stores can undo direct writes to pages that nobody stores to."
	case Engine{Direct: AIO}:
		return "As kernel, with direct IO through io_submit(2): a write ends in a worker of the kernel, which invalidates the " +
			"range again there, while the task waits in io_getevents(2). A task can have several requests in flight."
	case Engine{Direct: URing}:
		return "As kernel, with direct IO through io_uring(7), without a polling thread: as kernel-aio, with one system call " +
			"for requests and completions together. A task can have several requests in flight."
	}
	return "The running kernel and the file system of the data file: every operation is a plain system call, every mapping a " +
		"real one. What it locks, and which windows it closes or leaves open, is the file system's affair: generic code " +
		"invalidates before and after a direct write and holds no lock between, so that a store to a page being written " +
		"can undo the write. It is under test and claims nothing: what is found is a result, not a broken promise."
}

// Claims is nothing: the kernel is what is being examined.
func (Engine) Claims() core.Claims { return core.Claims{} }

// MMU is "kernel": the page tables are the process' own.
func (Engine) MMU() string { return "kernel" }

// Async reports whether a task can have several direct requests in flight.
func (e Engine) Async() bool { return e.Direct != Calls }
