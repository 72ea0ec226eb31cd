// Package oracle judges what reads of a test file return. It is sound: what it
// reports is a violation for certain, whatever the number of writers per cell
// and however operations overlap. It is not complete: what its bounded memory
// has forgotten it lets pass.
//
// Every 8-byte word of a file is a cell, and each write leaves in it a stamp
// that no other write leaves anywhere: 16 bits of hash, 10 bits of
// writer, 38 bits of the writer's sequence. So a value names the write
// it came from, and checking a register with unique values is easy (Gibbons
// and Korach, "Testing Shared Memories", 1997). One counter gives ticks. A
// write takes a tick before it touches the data and another after it returned.
// For each cell, M is the largest start among completed writes, and MR the
// largest start among writes that a finished read has seen. A read copies both
// before it touches the data. What it returns, written by w, is
//
//   - stale, if end(w) < M: a write that began after w had ended was itself
//     complete before the read began;
//   - inverted, if not stale and end(w) < MR: an earlier read saw a write that
//     began after w had ended;
//   - flipped, if neither, but an earlier read that began after w had ended saw
//     another write: of two overlapping writes, first one won and then the other;
//   - torn, if it is no stamp of this cell;
//   - from nowhere, if its writer never wrote it there.
//
// An inverted or flipped value seen while the newer write was still in flight
// is a class of its own, reported and held against nobody: no system of this
// kind promises that a write takes effect at one instant.
//
// Zeros carry no stamp and come from many operations (initial contents, punch,
// truncate, extension). A zero is judged as if written by the one of them that
// suits it best: it passes while one is open on the cell, and its end is the
// largest end of them all.
//
// # Order of memory accesses
//
// The rules above are claims about real time; each is carried by the order of
// sequentially consistent atomics:
//
//	write: start tick, ring entry, sequence | the data | end tick, M, zeros' ends, ring entry's end
//	read:  tick, M, MR, earlier reads       | the data | ring entry's end, then publish MR and the value
//
// M holds a start only after that write returned, so a copy of M taken before
// the data proves completion before the read. A ring entry's end is absent
// until the write returned, so an end proves the same for w. A ring entry is
// reused only by a later write of its writer, whose start is then a bound for
// the end that was overwritten.
package oracle
