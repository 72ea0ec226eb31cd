package coherence_test

import (
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// stepNs is how long a step of relay takes: an adder holds the lock for about
// the 4 ms after which an rwsem is handed to who waits longest.
const stepNs = 40_000

// relay has two adders hand a lock to each other, so that one of them holds it
// at any time, if the lock lets them, while a third thread wants to block. It
// returns how often they got in while that one waited, of rounds in all.
func relay(t *testing.T, p *core.Policy, rounds int) (entries int) {
	t.Helper()
	g := sched.NewDeterm(sched.Config{Picker: &sched.RoundRobin{}, NsPerStep: stepNs})
	lock := p.Lock()
	var holds [2]bool
	waits := false
	for me := range holds {
		g.Go("adder", func(th *sched.Thread) {
			for range rounds / len(holds) {
				if lock.Add(th) != nil {
					return
				}
				holds[me] = true
				if waits {
					entries++
				}
				for range 40 { // until the other one is in; not for ever, it may be kept out
					if th.Yield(sched.LocLocal, sched.KindRead); holds[1-me] {
						break
					}
				}
				holds[me] = false
				lock.Unadd(th)
			}
		})
	}
	g.Go("blocker", func(th *sched.Thread) {
		for !holds[0] && !holds[1] {
			th.Yield(sched.LocLocal, sched.KindRead)
		}
		waits = true
		if lock.Block(th) == nil {
			waits = false
			lock.Unblock(th)
		}
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestStarvation: the two-state lock lets adders in for as long as they come,
// however long somebody waits to block. The rwsem lets a few steal it, and is
// then handed over.
func TestStarvation(t *testing.T) {
	const rounds = 200
	if n := relay(t, coherence.AddLock, rounds); n < rounds-4 {
		t.Errorf("two-state lock: %d of %d adders came in before the blocker: it has learnt to queue", n, rounds)
	}
	if n := relay(t, coherence.InvalidateLock, rounds); n > 4 {
		t.Errorf("rwsem: %d adders came in before a blocker that waited longer than the handoff takes", n)
	}
}

// convoy has a buffered write beside somebody who adds to the cache for long,
// with a direct write waiting for him or not, and says which of the two ended
// first.
func convoy(t *testing.T, p *core.Policy, direct bool) (writerFirst bool) {
	t.Helper()
	g := sched.NewDeterm(sched.Config{Picker: &sched.RoundRobin{}})
	m := core.NewAddressSpace(p, disk.NewMemory(2*core.PageSize), mmu.NewSoft(), core.Options{})
	var order []string
	ends := func(what string) { order = append(order, what) }
	g.Go("adder", func(th *sched.Thread) {
		k := core.NewTask(th)
		if err := k.Add(m); err != nil {
			return
		}
		for range 2_000 {
			th.Yield(sched.LocLocal, sched.KindRead)
		}
		ends("adder")
		k.Unadd(m)
	})
	if direct {
		g.Go("direct writer", func(th *sched.Thread) {
			if _, err := m.WriteDirect(core.NewTask(th), core.Buffer{Mem: disk.Block(core.PageSize)}, 0); err != nil {
				t.Error(err)
			}
		})
	}
	g.Go("buffered writer", func(th *sched.Thread) {
		for range 100 { // the direct writer goes first
			th.Yield(sched.LocLocal, sched.KindRead)
		}
		if _, err := m.WriteAt(core.NewTask(th), core.Buffer{Mem: make([]byte, 8)}, core.PageSize); err != nil {
			t.Error(err)
		}
		ends("writer")
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return order[0] == "writer"
}

// TestConvoy: a direct write waits for block with the inode lock in its hands
// (bcachefs: bch2_direct_write), so that a buffered write, which could add
// beside the one who is waited for, waits as well.
func TestConvoy(t *testing.T) {
	if !convoy(t, coherence.AddLock, false) {
		t.Error("a buffered write waited for another adder")
	}
	if convoy(t, coherence.AddLock, true) {
		t.Error("a buffered write got past a direct write that holds the inode lock")
	}
}
