package oracle

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// raceOps is how often the races below are run. Each is lost within it when its
// protocol is broken, if there are two processors.
const raceOps = 1000000

// TestRingRace tests that a copy of a ring's entry is of one write, or none,
// while the ring goes round.
func TestRingRace(t *testing.T) {
	f := New(Config{Size: page})
	w := f.Writer(1)
	var wg sync.WaitGroup
	var done atomic.Bool
	wg.Go(func() {
		defer done.Store(true)
		for range raceOps / 4 {
			seq := int64(w.last.Load() + 1)
			w.Begin(seq%500*Cell, seq%7*Cell)
			w.End(seq)
		}
	})
	var whole, reused int
	for !done.Load() {
		runtime.Gosched()
		last := w.last.Load()
		for seq := last; seq > 0 && seq+ringSize+2 > last; seq-- {
			o, ok := w.ring[seq%ringSize].load(seq)
			if !ok {
				reused++
				continue
			}
			whole++
			s := int64(seq)
			if o.off != s%500*Cell || o.n != s%7*Cell || o.start != 2*seq-1 || !o.open && (o.end != 2*seq || o.ns != s) {
				t.Errorf("write %d has entry %+v", seq, o)
				done.Store(true)
				break
			}
		}
	}
	wg.Wait()
	t.Logf("%d entries copied, %d reused", whole, reused)
}

// TestSightingRace tests that a copy of a sighting is of one publication.
func TestSightingRace(t *testing.T) {
	var s sighting
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(2)
	for p := range uint64(2) {
		wg.Go(func() {
			defer left.Add(-1)
			for i := range uint64(raceOps) {
				x := 2*i + p
				s.publish(seenRun{id: id(x), start: x, lo: int(x), hi: int(x) + 1})
			}
		})
	}
	for left.Load() > 0 {
		r, ok := s.load()
		if ok && (r.start != uint64(r.id) || r.lo != int(r.id) || r.hi != r.lo+1) {
			t.Fatalf("mixed sighting %+v", r)
		}
		if !ok {
			runtime.Gosched()
		}
	}
	wg.Wait()
}

// TestZeroRace tests that who finds no operation open finds the end of all
// those that he knows to have begun.
func TestZeroRace(t *testing.T) {
	var z zeroState
	var clock Clock
	var begun atomic.Uint64
	var wg sync.WaitGroup
	var done atomic.Bool
	wg.Go(func() {
		defer done.Store(true)
		for range raceOps {
			start := clock.tick()
			z.open.Add(1)
			begun.Store(start)
			z.close(clock.tick())
		}
	})
	for !done.Load() {
		start := begun.Load()
		if o := zeroOrigin(&z, nil); start != 0 && !o.open && o.end <= start {
			t.Errorf("ended by %d, though one began at %d", o.end, start)
			break
		}
		if start == 0 {
			runtime.Gosched()
		}
	}
	wg.Wait()
}
