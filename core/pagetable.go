package core

import "sync/atomic"

// chunkPages is how many slots are allocated at a time.
const chunkPages = 512

type pageChunk [chunkPages]atomic.Pointer[Page]

// pageTable finds a page by its index without a lock, as the kernel's XArray
// does. Chunks of slots are added and never removed.
type pageTable struct {
	chunks atomic.Pointer[[]*pageChunk]
}

// slot returns where page idx is or would be, or nil if nothing near it was
// ever cached.
func (pt *pageTable) slot(idx PageIndex) *atomic.Pointer[Page] {
	chunks := pt.chunks.Load()
	if chunks == nil || idx/chunkPages >= PageIndex(len(*chunks)) {
		return nil
	}
	return &(*chunks)[idx/chunkPages][idx%chunkPages]
}

// grow returns the slot of page idx, after adding chunks up to it if needed.
func (pt *pageTable) grow(idx PageIndex) *atomic.Pointer[Page] {
	for {
		if s := pt.slot(idx); s != nil {
			return s
		}
		old := pt.chunks.Load()
		var chunks []*pageChunk
		if old != nil {
			chunks = append(chunks, *old...)
		}
		for PageIndex(len(chunks)) <= idx/chunkPages {
			chunks = append(chunks, new(pageChunk))
		}
		pt.chunks.CompareAndSwap(old, &chunks)
	}
}
