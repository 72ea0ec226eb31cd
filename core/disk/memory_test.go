package disk

import (
	"bytes"
	"sync"
	"testing"

	"cohbench/core/sched"
)

func TestMemoryConforms(t *testing.T) { conform(t, NewMemory(testSize), seeded(t)) }

// lossy is a Memory with one fault, which conform must find.
type lossy struct{ *Memory }

func (l lossy) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	n, err := l.Memory.WriteAt(t, p[:len(p)-SectorSize], off)
	l.raise(off + int64(len(p)))
	return n + SectorSize, err
}

func TestLossyTwinDiffers(t *testing.T) {
	l, th := lossy{NewMemory(testSize)}, thread()
	p := Block(4096)
	for i := range p {
		p[i] = 0xaa
	}
	if n, err := l.WriteAt(th, p, 0); n != len(p) || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
	q := Block(4096)
	if err := l.ReadAt(th, q, 0); err != nil {
		t.Fatal(err)
	}
	if firstDiff(p, q) != 4096-SectorSize {
		t.Errorf("the comparison does not see the sector that was not written")
	}
}

// TestMemorySectors has writers of one value each on the same range: every
// sector must be wholly of one writer, and -race must be content.
func TestMemorySectors(t *testing.T) {
	m, g := NewMemory(0), sched.NewGroup()
	var wg sync.WaitGroup
	for w := range 4 {
		th := g.Thread("writer")
		wg.Go(func() {
			p, q := Block(8192), Block(8192)
			for i := range p {
				p[i] = byte(w + 1)
			}
			for range 200 {
				if n, err := m.WriteAt(th, p, 0); n != len(p) || err != nil {
					t.Errorf("write: %d, %v", n, err)
					return
				}
				if err := m.ReadAt(th, q, 0); err != nil {
					t.Error(err)
					return
				}
				for i, b := range q {
					if b != q[i-i%SectorSize] {
						t.Errorf("byte %d is %d in a sector of %d", i, b, q[i-i%SectorSize])
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestMemoryReadDoesNotAllocate(t *testing.T) {
	m, th, p := NewMemory(testSize), thread(), Block(4096)
	n := testing.AllocsPerRun(100, func() {
		if err := m.ReadAt(th, p, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := m.WriteAt(th, p, 0); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations in a read and a write, want none", n)
	}
}

func BenchmarkMemoryWrite(b *testing.B) {
	m, th, p := NewMemory(testSize), thread(), Block(4096)
	for b.Loop() {
		if _, err := m.WriteAt(th, p, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// A turner lets two threads take turns at every step that does IO.
type turner struct{ steps []sched.Kind }

func (p *turner) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, kind sched.Kind) *sched.Thread {
	if current == nil {
		return runnable[0]
	}
	p.steps = append(p.steps, kind)
	for _, t := range runnable {
		if t != current {
			return t
		}
	}
	return current
}

// TestMemorySectorsAreSteps has two writers that a scheduler lets alternate:
// one IO is a step to submit it, one for each sector, and one to complete it,
// and between any two of them the other may run.
func TestMemorySectorsAreSteps(t *testing.T) {
	p := &turner{}
	m, g := NewMemory(4*SectorSize), sched.NewDeterm(sched.Config{Picker: p})
	write := func(value byte) func(*sched.Thread) {
		return func(th *sched.Thread) {
			b := Block(2 * SectorSize)
			for i := range b {
				b[i] = value
			}
			if n, err := m.WriteAt(th, b, SectorSize); n != len(b) || err != nil {
				t.Errorf("write: %d, %v", n, err)
			}
		}
	}
	g.Go("a", write(1))
	g.Go("b", write(2))
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	counts := map[sched.Kind]int{}
	for _, k := range p.steps {
		counts[k]++
	}
	if counts[sched.KindSubmit] != 2 || counts[sched.KindSector] != 4 || counts[sched.KindComplete] != 2 {
		t.Errorf("steps %v", p.steps)
	}
}

// TestMemoryTears has a reader between the two sectors of a write: it sees the
// first and not the second.
func TestMemoryTears(t *testing.T) {
	var got []byte
	m := NewMemory(2 * SectorSize)
	g := sched.NewDeterm(sched.Config{Picker: &interloper{after: 2}})
	g.Go("writer", func(th *sched.Thread) {
		b := Block(2 * SectorSize)
		b[0], b[SectorSize] = 7, 7
		m.WriteAt(th, b, 0)
	})
	g.Go("reader", func(th *sched.Thread) {
		b := Block(2 * SectorSize)
		if err := m.ReadAt(th, b, 0); err != nil {
			t.Error(err)
		}
		got = []byte{b[0], b[SectorSize]}
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got[0] != 7 || got[1] != 0 {
		t.Errorf("the reader sees %v, want [7 0]", got)
	}
}

// An interloper lets the first thread do its sectors up to the one before
// after, then the second thread everything.
type interloper struct{ after int }

func (p *interloper) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, kind sched.Kind) *sched.Thread {
	last := runnable[len(runnable)-1]
	if current == nil {
		return runnable[0]
	}
	if current.ID == 0 && kind == sched.KindSector {
		p.after--
	}
	if p.after <= 0 {
		return last
	}
	return runnable[0]
}

// TestMemoryLoad replaces the contents, the size included, and reads them back.
func TestMemoryLoad(t *testing.T) {
	m, th := NewMemory(3*4096), thread()
	full := bytes.Repeat([]byte{7}, 3*4096)
	if _, err := m.WriteAt(th, full, 0); err != nil {
		t.Fatal(err)
	}
	image := bytes.Repeat([]byte{9}, 4096+512)
	if n := testing.AllocsPerRun(10, func() { m.Load(image) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if m.Size() != int64(len(image)) {
		t.Errorf("size %d, want %d", m.Size(), len(image))
	}
	got := make([]byte, 3*4096)
	if n := m.Copy(got); n != len(image) || !bytes.Equal(got[:n], image) {
		t.Errorf("%d bytes copied, want the %d that were loaded", n, len(image))
	}
	rest := Block(2 * 4096)
	if err := m.ReadAt(th, rest, 4096); err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(rest[512:], func(r rune) bool { return r != 0 }); i >= 0 {
		t.Errorf("byte %d beyond the end is what the disk held before", 4096+512+i)
	}
}

// TestMemoryStep has an IO of two pages in steps of a page, and one that starts
// in the middle of a step.
func TestMemoryStep(t *testing.T) {
	for _, c := range []struct{ off, n, sectors int64 }{{0, 8192, 2}, {512, 4096, 2}, {4096, 512, 1}} {
		p := &turner{}
		m, g := NewMemory(4*4096), sched.NewDeterm(sched.Config{Picker: p})
		m.Step = 4096
		want := bytes.Repeat([]byte{3}, int(c.n))
		g.Go("writer", func(th *sched.Thread) {
			b := Block(int(c.n))
			copy(b, want)
			if n, err := m.WriteAt(th, b, c.off); n != len(b) || err != nil {
				t.Errorf("write: %d, %v", n, err)
			}
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		steps := int64(0)
		for _, k := range p.steps {
			if k == sched.KindSector {
				steps++
			}
		}
		if steps != c.sectors {
			t.Errorf("[%d, %d): %d steps, want %d", c.off, c.off+c.n, steps, c.sectors)
		}
		got := make([]byte, 4*4096)
		m.Copy(got)
		if !bytes.Equal(got[c.off:c.off+c.n], want) {
			t.Errorf("[%d, %d) was not written", c.off, c.off+c.n)
		}
	}
}
