package oracle

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// memory is what a stress test reads and writes: words at offsets in bytes.
// view is the task that asks.
type memory interface {
	load(view int, off int64, p []byte)
	store(view int, off int64, p []byte)
}

// atomicMemory is linearizable word by word.
type atomicMemory []atomic.Uint64

func (m atomicMemory) load(_ int, off int64, p []byte) {
	for i := 0; i < len(p); i += Cell {
		binary.NativeEndian.PutUint64(p[i:], m[(off+int64(i))/Cell].Load())
	}
}

func (m atomicMemory) store(_ int, off int64, p []byte) {
	for i := 0; i < len(p); i += Cell {
		m[(off+int64(i))/Cell].Store(word(p[i:]))
	}
}

// lockedMemory is linearizable as a whole.
type lockedMemory struct {
	mu sync.RWMutex
	p  []byte
}

func (m *lockedMemory) load(_ int, off int64, p []byte) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	copy(p, m.p[off:])
}

func (m *lockedMemory) store(_ int, off int64, p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	copy(m.p[off:], p)
}

// delayed returns from some writes before they took effect: they do with a
// later write of the same task.
type delayed struct {
	memory
	late [16]struct {
		off int64
		p   []byte
		n   int
	}
}

func (m *delayed) store(view int, off int64, p []byte) {
	l := &m.late[view]
	if l.n++; l.n%8 != 0 {
		m.memory.store(view, off, p)
		return
	}
	if l.p != nil {
		m.memory.store(view, l.off, l.p)
	}
	l.off, l.p = off, slices.Clone(p)
}

// dropped forgets some writes.
type dropped struct {
	memory
	n atomic.Int64
}

func (m *dropped) store(view int, off int64, p []byte) {
	if m.n.Add(1)%8 != 0 {
		m.memory.store(view, off, p)
	}
}

// pageCache reads, now and then, from a copy of the page that the task made
// earlier, as through a page that was not shot down.
type pageCache struct {
	memory
	tasks [16]struct {
		off int64
		p   []byte
		n   int
	}
}

func (m *pageCache) load(view int, off int64, p []byte) {
	c := &m.tasks[view]
	if c.n++; c.p != nil && c.n%8 != 0 && off >= c.off && off+int64(len(p)) <= c.off+int64(len(c.p)) {
		copy(p, c.p[off-c.off:])
		return
	}
	m.memory.load(view, off, p)
	c.off, c.p = off, slices.Clone(p)
}

// writeBack keeps a copy of the first block per task and now and then puts it
// back after a store into it, as an unsynchronised write-back does: all cells
// but the one that was stored go back in time.
type writeBack struct {
	memory
	tasks [16]struct {
		page []byte
		n    int
	}
}

func (m *writeBack) store(view int, off int64, p []byte) {
	m.memory.store(view, off, p)
	c := &m.tasks[view]
	if off >= stressBlock || len(p) != Cell {
		return
	}
	if c.n++; c.n%4 == 0 {
		copy(c.page[off:], p)
		m.memory.store(view, 0, c.page)
	}
	c.page = make([]byte, stressBlock)
	m.memory.load(view, 0, c.page)
}

const (
	stressBlock = 256
	stressSize  = 4 * stressBlock
)

// stress runs writers and readers on a memory and returns what they found, at
// work and at quiesce.
func stress(m memory, ops int) (c Counts, first []Violation) {
	f := New(Config{Size: stressSize, Block: stressBlock})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { stressWriter(f.Writer(i+1), m, i, ops) })
	}
	readers := make([]*Reader, 4)
	for i := range readers {
		readers[i] = f.Reader()
		wg.Go(func() { stressReader(readers[i], m, 3+i, ops) })
	}
	wg.Wait()
	last := f.Reader()
	p := make([]byte, stressSize)
	m.load(15, 0, p)
	last.Final(0, Views{Direct: p})
	for _, r := range append(readers, last) {
		c.Merge(&r.Counts)
		first = append(first, r.Violations...)
	}
	return c, first
}

func stressRange(rng *rand.Rand) (off, n int64) {
	switch rng.IntN(3) {
	case 0:
		return rng.Int64N(stressSize/Cell) * Cell, Cell
	case 1:
		return rng.Int64N(stressSize/stressBlock) * stressBlock, stressBlock
	}
	off = rng.Int64N(stressSize/Cell) * Cell
	return off, Cell * (1 + rng.Int64N((stressSize-off)/Cell))
}

func stressWriter(w *Writer, m memory, task, ops int) {
	rng := rand.New(rand.NewPCG(uint64(task), 4))
	p := make([]byte, stressSize)
	for range ops {
		off, n := stressRange(rng)
		p := p[:n]
		if rng.IntN(10) == 0 {
			w.BeginZero(off, n)
			clear(p)
		} else {
			w.Begin(off, n)
			w.Fill(p, off)
		}
		pause(rng)
		if rng.IntN(10) == 0 {
			m.store(task, off, p[:rng.Int64N(n/Cell+1)*Cell])
			w.Fail()
			continue
		}
		m.store(task, off, p)
		pause(rng)
		w.End(0)
	}
}

func stressReader(r *Reader, m memory, task, ops int) {
	rng := rand.New(rand.NewPCG(uint64(task), 5))
	p := make([]byte, stressSize)
	for i := range ops {
		off, n := stressRange(rng)
		p := p[:n]
		r.Begin(off, n)
		pause(rng)
		m.load(task, off, p)
		pause(rng)
		if i%64 == 0 { // slow enough for rings to go round
			for range 100 {
				runtime.Gosched()
			}
		}
		if n == Cell {
			r.CheckWord(word(p))
		} else {
			r.Check(p)
		}
	}
}

// pause lets others run, so that operations overlap on one processor too.
func pause(rng *rand.Rand) {
	if rng.IntN(4) == 0 {
		runtime.Gosched()
	}
}

// TestStressCorrect tests that memories which are linearizable give no alarm.
func TestStressCorrect(t *testing.T) {
	ops := 20000
	if testing.Short() {
		ops = 4000
	}
	for name, m := range map[string]memory{
		"atomic": make(atomicMemory, stressSize/Cell),
		"locked": &lockedMemory{p: make([]byte, stressSize)},
	} {
		t.Run(name, func(t *testing.T) {
			c, found := stress(m, ops)
			if c.Bad() != 0 || c.InFlight != 0 {
				t.Errorf("false alarms: %+v\n%v", c, found)
			}
			if c.Reads != int64(4*ops) {
				t.Errorf("%d reads", c.Reads)
			}
		})
	}
}

// TestStressBroken tests that broken ones do.
func TestStressBroken(t *testing.T) {
	for name, x := range map[string]struct {
		m    func(memory) memory
		want []Kind
	}{
		"delayed":    {func(m memory) memory { return &delayed{memory: m} }, []Kind{Stale}},
		"dropped":    {func(m memory) memory { return &dropped{memory: m} }, []Kind{Stale}},
		"page cache": {func(m memory) memory { return &pageCache{memory: m} }, []Kind{Stale}},
		"write-back": {func(m memory) memory { return &writeBack{memory: m} }, []Kind{Stale}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Counts
			seen := func(k Kind) bool { return *c.of(k) > 0 }
			// How threads interleave is the machine's affair, so a broken memory
			// gets several chances to show itself.
			for range 50 {
				more, found := stress(x.m(make(atomicMemory, stressSize/Cell)), 3000)
				c.Merge(&more)
				if more.Torn+more.Nowhere != 0 {
					t.Errorf("false alarms: %+v\n%v", more, found)
				}
				if !slices.ContainsFunc(x.want, func(k Kind) bool { return !seen(k) }) {
					break
				}
			}
			for _, k := range x.want {
				if !seen(k) {
					t.Errorf("no cell was %v: %+v", k, c)
				}
			}
			t.Logf("%d reads, %d bad: stale %d, inverted %d, flipped %d, in flight %d, lost %d", c.Reads, c.BadReads, c.Stale, c.Inverted, c.Flipped, c.InFlight, c.Lost)
		})
	}
}
