//go:build !race

package mmu

// Copy is copy for page memory.
func Copy(dst, src []byte) int { return copy(dst, src) }
