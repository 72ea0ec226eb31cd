package disk

import (
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
