// Package sequential is a target for fuzzers: locks and cached pages, one
// operation at a time, against a model so simple that it is right at sight: a
// count of holders for a lock, a slice of bytes for a file. It finds what is
// wrong without any concurrency and below a word, where the concurrent target
// of package fuzz does not look: every byte around ends of files, the lengths
// that reads and writes return, the sizes of files, SIGBUS beyond the end, what
// lies on the disk after a sync, and what a Try of a lock must answer.
//
// A failure is a panic with a constant text, by which fuzzers tell failures
// apart; what happened is written to [Details].
//
// # Format
//
// The first byte chooses the engine, the second the size of the file at the
// start (in units of 257 bytes, so that most ends lie inside a sector). Then
// come operations of four bytes, of which the last may be cut short:
//
//	byte 0      operation (low 4 bits), task (next 2 bits, modulo 3)
//	byte 1..3   arguments, see decode
package sequential
