//go:build race

package mmu

import "unsafe"

// Copy is copy for page memory. Under the race detector the builtin calls
// runtime.slicecopy, which reports its ranges whatever the caller's go:norace
// says, so the words are moved one by one.
//
//go:norace
//go:noinline
func Copy(dst, src []byte) int {
	n := min(len(dst), len(src))
	i := 0
	for ; i+8 <= n; i += 8 {
		*(*uint64)(unsafe.Pointer(&dst[i])) = *(*uint64)(unsafe.Pointer(&src[i]))
	}
	for ; i < n; i++ {
		dst[i] = src[i]
	}
	return n
}
