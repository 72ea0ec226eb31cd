package locktest

import (
	"errors"
	"fmt"

	"cohbench/core/sched"
)

var errEnough = errors.New("enough")

// determExclusion: three threads take and release the lock. As no thread
// holds it while it waits, a deadlock is a lost wake-up.
func (s *Suite) determExclusion(seed uint64) error {
	const threads, ops = 3, 6
	g, x := determ(seed), s.section(threads)
	for i := range threads {
		rng := random(seed, uint64(i))
		g.Go(fmt.Sprint("t", i), func(t *sched.Thread) {
			for range ops {
				x.op(t, rng)
			}
		})
	}
	if err := g.Wait(); err != nil {
		return explain(err)
	}
	if err := x.err(); err != nil {
		return err
	}
	return s.works(x.l)
}

// determCancel: the group is cancelled at a random moment. Whoever gets an
// error must not hold the lock, whoever gets none must.
func (s *Suite) determCancel(seed uint64) error {
	const threads, ops = 4, 6
	g, x := determ(seed), s.section(threads+1)
	for i := range threads {
		rng := random(seed, uint64(i))
		g.Go(fmt.Sprint("t", i), func(t *sched.Thread) {
			for i := 0; i < ops && x.op(t, rng); i++ {
			}
		})
	}
	g.Go("cancels", func(t *sched.Thread) {
		for range random(seed, threads).IntN(100) {
			t.Yield(sched.LocAny, sched.KindWrite)
		}
		g.Cancel(errEnough)
	})
	if err := g.Wait(); !errors.Is(err, errEnough) {
		return explain(err)
	}
	if err := x.err(); err != nil {
		return err
	}
	return s.works(x.l)
}

// determHandOver: the lock is released by another thread than took it, while
// a third waits for the other side.
func (s *Suite) determHandOver(seed uint64) error {
	g, l := determ(seed), s.New()
	add := seed%2 == 0
	var taken, released bool
	g.Go("takes", func(t *sched.Thread) {
		if s.takeSide(t, l, add) == nil {
			taken = true
		}
	})
	g.Go("releases", func(t *sched.Thread) {
		for !taken && t.Spin(sched.LocAny) == nil {
		}
		released = true
		releaseSide(t, l, add)
	})
	var early bool
	g.Go("waits", func(t *sched.Thread) {
		for !taken && t.Spin(sched.LocAny) == nil {
		}
		if s.takeSide(t, l, !add) == nil {
			early = !released
			releaseSide(t, l, !add)
		}
	})
	if err := g.Wait(); err != nil {
		return explain(err)
	}
	if early {
		return errExclusion
	}
	return s.works(l)
}

// determTogether: those who wait for a side that is shared get in together,
// and stay until all are in.
func (s *Suite) determTogether(seed uint64) error {
	const threads = 3
	g, l := determ(seed), s.New()
	add := seed%2 == 0 || !s.ManyBlock
	if err := s.takeSide(g.Thread("holds"), l, !add); err != nil {
		return err
	}
	in := 0
	for i := range threads {
		g.Go(fmt.Sprint("t", i), func(t *sched.Thread) {
			if s.takeSide(t, l, add) != nil {
				return
			}
			in++
			for in < threads && t.Spin(sched.LocAny) == nil {
			}
			releaseSide(t, l, add)
		})
	}
	g.Go("releases", func(t *sched.Thread) {
		t.Yield(sched.LocAny, sched.KindUnlock)
		releaseSide(t, l, !add)
	})
	if err := g.Wait(); err != nil {
		return explain(err)
	}
	return s.works(l)
}

// determReenter: an adder adds again while a blocker waits. A lock that goes
// by order deadlocks, and must be seen to in some schedule.
func (s *Suite) determReenter(seed uint64) error {
	g, l := determ(seed), s.New()
	g.Go("adds twice", func(t *sched.Thread) {
		for range 2 {
			if l.Add(t) != nil {
				return
			}
			t.Hold(l.Object(), sched.Add)
			defer l.Unadd(t)
			defer t.Release(l.Object(), sched.Add)
		}
	})
	g.Go("blocks", func(t *sched.Thread) {
		if l.Block(t) == nil {
			l.Unblock(t)
		}
	})
	err := g.Wait()
	var d *sched.Deadlock
	if errors.As(err, &d) && !s.AddsReenter && len(d.Blocked) == 2 {
		for _, b := range d.Blocked {
			if len(b.WaitsFor) == 0 {
				return fmt.Errorf("half a cycle: %s", d.String())
			}
		}
		err = nil
	}
	if err != nil {
		return explain(err)
	}
	return s.works(l)
}
