package mmu

import "unsafe"

// Page memory is shared with mappings whose users do not synchronise, exactly
// as in a kernel: a store may hit a page while a read copies it. That is the
// workload, not a bug in the cache, so these helpers hide their accesses from
// the race detector. The runtime's memmove moves aligned 8-byte words whole
// (the garbage collector relies on it for pointers), which is what a cell of
// the oracle needs.

// Clear zeroes page memory.
//
//go:norace
//go:noinline
func Clear(p []byte) { clear(p) }

// load64 and store64 access the aligned word at p[off:]. A plain 8-byte move
// is single-copy atomic on amd64 and arm64; sync/atomic would add an ordering
// that a plain CPU access does not have, and cost.
//
//go:norace
//go:noinline
func load64(p []byte, off int64) uint64 {
	return *(*uint64)(unsafe.Pointer(&p[off : off+8][0]))
}

//go:norace
//go:noinline
func store64(p []byte, off int64, v uint64) {
	*(*uint64)(unsafe.Pointer(&p[off : off+8][0])) = v
}

// alignedSlab returns n pages of page-aligned memory, zeroed.
func alignedSlab(n int) []byte {
	raw := make([]byte, (n+1)*PageSize)
	skip := int(-uintptr(unsafe.Pointer(&raw[0])) & (PageSize - 1))
	return raw[skip : skip+n*PageSize : skip+n*PageSize]
}
