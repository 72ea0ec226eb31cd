package disk

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/sched"
)

// chunkSize is how much of a Memory one lock covers.
const chunkSize = 4096

const sectorsPerChunk = chunkSize / SectorSize

// chunk is a piece of a Memory. The lock is held for one sector's copy only
// and never over a yield.
type chunk struct {
	lock sched.SpinLock
	data [chunkSize]byte
}

// Memory is a disk in memory, for tests and for the exploration of schedules.
// It is slower than an array on purpose: each sector of an operation is a
// step of its own, so that a scheduler can put other threads between the
// submission of an IO, each of its sectors, and its completion. Bytes beyond
// the end are always zero, so the size matters to who asks for it only.
type Memory struct {
	// Step is how many bytes an IO moves in one step: a power of two from
	// SectorSize, the default for 0, to 4096. Larger steps make fewer schedules,
	// for cases that do no IO of less than that. Set it before use.
	Step int64

	loc  sched.Loc // of sector 0; sector i is loc+i
	size atomic.Int64

	grow   sched.SpinLock // held by whoever extends
	chunks atomic.Pointer[[]*chunk]
}

// memoryLocs is how far apart the locations of two memories are: sectors in
// one terabyte.
const memoryLocs = 1 << 31

// memoryKind keeps the locations of memories apart from anybody else's.
const memoryKind = sched.Loc(0xd15c) << 48

// NewMemory makes a disk of size bytes, all zero.
func NewMemory(size int64) *Memory { return NewMemoryAt(0, size) }

// NewMemoryAt makes a disk that is told apart from others by id (0 to 65535)
// in the locations that its steps name to the scheduler.
func NewMemoryAt(id int, size int64) *Memory {
	m := &Memory{loc: memoryKind + sched.Loc(id)*memoryLocs}
	m.chunks.Store(new([]*chunk))
	m.extend(size)
	m.size.Store(size)
	return m
}

// reserve makes sure that there are chunks for size bytes. Chunks are never
// taken away, so that a reader needs no lock to find one.
func (m *Memory) reserve(t *sched.Thread, size int64) {
	if int64(len(*m.chunks.Load()))*chunkSize >= size {
		return
	}
	m.grow.Lock(t)
	m.extend(size)
	m.grow.Unlock(t)
}

// extend appends chunks until there are enough for size bytes.
func (m *Memory) extend(size int64) {
	old := *m.chunks.Load()
	want := int((size + chunkSize - 1) / chunkSize)
	if len(old) >= want {
		return
	}
	next := make([]*chunk, want)
	fresh := make([]chunk, want-copy(next, old))
	for i := range fresh {
		next[len(old)+i] = &fresh[i]
	}
	m.chunks.Store(&next)
}

// span calls fn for each sector that holds some of the n bytes at off, as one
// IO: a step for the submission, one for each sector, one for the completion.
// The first and the last touch nothing. fn gets the part of the sector, under its lock, and where in the n bytes it
// lies. Sectors beyond the last chunk are left out.
func (m *Memory) span(t *sched.Thread, off, n int64, kind sched.Kind, fn func(part []byte, at int64)) error {
	t.Yield(sched.LocLocal, sched.KindSubmit)
	chunks, step := *m.chunks.Load(), max(m.Step, SectorSize)
	for at := int64(0); at < n; {
		pos := off + at
		sector := pos / SectorSize
		length := min(step-pos%step, n-at)
		if int(sector/sectorsPerChunk) >= len(chunks) {
			break
		}
		t.Yield(m.loc+sched.Loc(sector), kind)
		if err := t.Err(); err != nil {
			return err
		}
		c, in := chunks[sector/sectorsPerChunk], pos%chunkSize
		c.lock.Lock(t)
		fn(c.data[in:in+length], at)
		c.lock.Unlock(t)
		at += length
	}
	t.Yield(sched.LocLocal, sched.KindComplete)
	return nil
}

// ReadAt implements Disk.
func (m *Memory) ReadAt(t *sched.Thread, p []byte, off int64) error {
	if err := m.Align().check("read", off, p); err != nil {
		return err
	}
	clear(p)
	return m.span(t, off, int64(len(p)), sched.KindSector, func(part []byte, at int64) {
		copy(p[at:], part)
	})
}

// WriteAt implements Disk.
func (m *Memory) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	if err := m.Align().check("write", off, p); err != nil {
		return 0, err
	}
	m.reserve(t, off+int64(len(p)))
	done := 0
	err := m.span(t, off, int64(len(p)), sched.KindSector, func(part []byte, at int64) {
		done += copy(part, p[at:])
	})
	m.raise(off + int64(done))
	return done, err
}

// raise makes the size at least size.
func (m *Memory) raise(size int64) { raise(&m.size, size) }

// raise makes v at least size.
func raise(v *atomic.Int64, size int64) {
	for {
		old := v.Load()
		if old >= size || v.CompareAndSwap(old, size) {
			return
		}
	}
}

// Truncate implements Disk. What is cut off is zeroed at once, so that the
// file can grow again without a step.
func (m *Memory) Truncate(t *sched.Thread, size int64) error {
	m.reserve(t, size)
	old := m.size.Load()
	m.size.Store(size)
	if size >= old {
		return nil
	}
	return m.zero(t, size, old-size)
}

// PunchHole implements Disk.
func (m *Memory) PunchHole(t *sched.Thread, off, n int64) error {
	return m.zero(t, off, min(n, max(0, m.size.Load()-off)))
}

func (m *Memory) zero(t *sched.Thread, off, n int64) error {
	return m.span(t, off, n, sched.KindSector, func(part []byte, _ int64) { clear(part) })
}

// Sync implements Disk: what is written is as stable as memory is.
func (m *Memory) Sync(t *sched.Thread) error {
	t.Yield(sched.LocLocal, sched.KindComplete)
	return t.Err()
}

// Load makes the disk one that holds p and nothing else, at once: no step is
// taken, and nothing allocated if it was ever as large.
//
// Preconditions: no IO is under way.
func (m *Memory) Load(p []byte) {
	m.extend(int64(len(p)))
	m.size.Store(int64(len(p)))
	for _, c := range *m.chunks.Load() {
		n := copy(c.data[:], p)
		clear(c.data[n:])
		p = p[n:]
	}
}

// Copy fills p with the start of the disk, at once, and returns how many bytes
// the disk had.
//
// Preconditions: no IO is under way.
func (m *Memory) Copy(p []byte) int {
	p, n := p[:min(int64(len(p)), m.size.Load())], 0
	for _, c := range *m.chunks.Load() {
		n += copy(p[n:], c.data[:])
	}
	return n
}

// NameLoc says what a location of this disk is, or false if it is none of its
// own.
func (m *Memory) NameLoc(loc sched.Loc) (string, bool) {
	if loc < m.loc || loc-m.loc >= memoryLocs {
		return "", false
	}
	return fmt.Sprintf("sector %d of disk %d", loc-m.loc, (m.loc-memoryKind)/memoryLocs), true
}

// Size implements Disk.
func (m *Memory) Size() int64 { return m.size.Load() }

// Align implements Disk. A memory asks for whole sectors, as a disk does, and
// nothing of the buffer.
func (m *Memory) Align() Align { return Align{Mem: 1, Offset: SectorSize, Source: "memory"} }

// Close implements Disk.
func (m *Memory) Close() error { return nil }
