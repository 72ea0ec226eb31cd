// Package uring is io_uring(7) as far as direct reads and writes need it: a
// ring of its own for each user, no polling thread, no registered files or
// buffers, IORING_OP_READ and IORING_OP_WRITE.
//
// Invariant: the memory of a request belongs to the kernel from Exchange until
// its completion has been returned. Close therefore waits for what is in
// flight, and a ring that cannot wait panics rather than give memory back. One
// goroutine uses a ring at a time, so there is no lock.
//
// # Order of memory accesses
//
// Each ring is an array with a head and a tail in memory shared with the
// kernel. Entries are plain memory; they are published by the tail and given
// back by the head:
//
//	submission: entry | store tail       kernel: load tail  | entry | store head
//	completion: load tail | entry | store head      kernel: entry | store tail
//
// The stores release and the loads acquire: sync/atomic is stronger than that
// on every architecture (LDAR and STLR on arm64).
package uring
