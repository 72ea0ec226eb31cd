// Package kernelfs is the engine "kernel": the operations of a core.File as
// plain system calls on a real file, and its mappings as real shared mappings
// of that file. Nothing is simulated; what the oracle finds here was done by
// the running kernel.
//
// Invariant: every operation is the system call (or the CPU's load or store)
// that an application would issue, on the same bytes, and nothing else touches
// the file. There is no lock of ours around any of them. The list of a file's
// mappings has one, which Evict holds shared over its system calls, and Map
// and Unmap exclusively, so that an Evict never advises on memory which is no
// longer ours. It is never held with another lock.
//
// # Page faults and the scheduler of Go
//
// The Go runtime takes a goroutine in a page fault for one that computes: it
// keeps its P and cannot be preempted. Whoever stops the world waits until the
// kernel has served the fault, a read of the disk at worst; the mmu package
// tells why that is deadly where the fault is served by another goroutine.
// Here the kernel serves it, which needs nothing of this process, so a stop is
// late and never stuck. (A file system that this very process serves, through
// FUSE for instance, would be the exception.) So plain loads and stores will
// do, and a fault may fail: SIGBUS becomes an error of that access. A case
// keeps the collector out of its measured windows and has a P for every task,
// so neither the late stop nor the P that a fault holds back is in a figure.
package kernelfs
