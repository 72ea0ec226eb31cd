package sched

import "sync/atomic"

// MaxThreads is how many threads of a group may use a PerThread.
const MaxThreads = 1024

const perThreadChunk = 16

// PerThread is a T for each thread of a group, which the others may look at:
// T is made of atomic variables. Each has its own cache lines, and only those
// of threads that came by exist. The zero value is empty.
type PerThread[T any] struct {
	chunks [MaxThreads / perThreadChunk]atomic.Pointer[[perThreadChunk]padded[T]]
	high   atomic.Int64 // all in use have IDs below it
}

type padded[T any] struct {
	v T
	_ [64]byte
}

// Of returns the T of a thread.
func (p *PerThread[T]) Of(t *Thread) *T {
	if int64(t.ID) >= p.high.Load() {
		p.raise(t.ID)
	}
	return p.At(t.ID)
}

// raise makes room for every thread up to id.
func (p *PerThread[T]) raise(id int) {
	for i := range id/perThreadChunk + 1 {
		if p.chunks[i].Load() == nil {
			p.chunks[i].CompareAndSwap(nil, new([perThreadChunk]padded[T]))
		}
	}
	for h := p.high.Load(); int64(id) >= h; h = p.high.Load() {
		p.high.CompareAndSwap(h, int64(id)+1)
	}
}

// Len is one more than the highest thread ID seen.
func (p *PerThread[T]) Len() int { return int(p.high.Load()) }

// At returns the T of thread id, below Len.
func (p *PerThread[T]) At(id int) *T {
	return &p.chunks[id/perThreadChunk].Load()[id%perThreadChunk].v
}
