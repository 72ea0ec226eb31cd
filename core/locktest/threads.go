package locktest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
)

var errStuck = errors.New("no progress: a wake-up was lost")

func (s *Suite) takeSide(t *sched.Thread, l core.PagecacheLock, add bool) error {
	if add {
		return l.Add(t)
	}
	return l.Block(t)
}

func releaseSide(t *sched.Thread, l core.PagecacheLock, add bool) {
	if add {
		l.Unadd(t)
	} else {
		l.Unblock(t)
	}
}

// wait waits for the groups to end, and cancels them when progress has
// stood still for too long.
func (s *Suite) wait(progress *atomic.Int64, groups ...*sched.Group) error {
	done := make(chan struct{})
	sched.NewGroup().Go("joins", func(*sched.Thread) {
		for _, g := range groups {
			g.Wait()
		}
		close(done)
	})
	tick := time.NewTicker(s.Patience)
	defer tick.Stop()
	for last := int64(-1); ; {
		select {
		case <-done:
			return nil
		case <-tick.C:
			n := progress.Load()
			if n == last {
				for _, g := range groups {
					g.Cancel(errStuck)
				}
				<-done
				return errStuck
			}
			last = n
		}
	}
}

// realExclusion: as determExclusion, on more threads and for longer.
func (s *Suite) realExclusion(seed uint64) error {
	const threads, ops = 6, 300
	g, x := sched.NewGroup(), s.section(threads)
	for i := range threads {
		rng := random(seed, uint64(i))
		g.Go(fmt.Sprint("t", i), func(t *sched.Thread) {
			for i := 0; i < ops && x.op(t, rng); i++ {
			}
		})
	}
	if err := s.wait(&x.ops, g); err != nil {
		return err
	}
	if err := x.err(); err != nil {
		return err
	}
	return s.works(x.l)
}

// realHandOver: every hold is released by another thread, as an asynchronous
// direct write does.
func (s *Suite) realHandOver(seed uint64) error {
	const ops = 100
	g, l := sched.NewGroup(), s.New()
	var progress atomic.Int64
	for side := range 2 {
		add := side == 0
		held := make(chan struct{}, ops)
		g.Go(fmt.Sprint("takes ", side), func(t *sched.Thread) {
			defer close(held)
			for range ops {
				if s.takeSide(t, l, add) != nil {
					return
				}
				held <- struct{}{}
			}
		})
		g.Go(fmt.Sprint("releases ", side), func(t *sched.Thread) {
			for range held {
				releaseSide(t, l, add)
				progress.Add(1)
			}
		})
	}
	if err := s.wait(&progress, g); err != nil {
		return err
	}
	return s.works(l)
}

// realCancel: cancelled while some hold the lock and others wait.
func (s *Suite) realCancel(seed uint64) error {
	const threads = 6
	g, x := sched.NewGroup(), s.section(threads)
	for i := range threads {
		rng := random(seed, uint64(i))
		g.Go(fmt.Sprint("t", i), func(t *sched.Thread) {
			for x.op(t, rng) && t.Err() == nil {
			}
		})
	}
	time.Sleep(time.Duration(random(seed, threads).IntN(1000)) * time.Microsecond)
	g.Cancel(errEnough)
	if err := s.wait(&x.ops, g); err != nil {
		return err
	}
	if err := x.err(); err != nil {
		return err
	}
	return s.works(x.l)
}

// realCancelOne: one of two groups that share the lock is cancelled again and
// again; the other one must not notice.
func (s *Suite) realCancelOne(seed uint64) error {
	const threads, ops = 3, 200
	stay, x := sched.NewGroup(), s.section(2*threads)
	for i := range threads {
		rng := random(seed, uint64(i))
		stay.Go(fmt.Sprint("stays ", i), func(t *sched.Thread) {
			for i := 0; i < ops && x.op(t, rng); i++ {
			}
		})
	}
	var left atomic.Bool
	leavers := sched.NewGroup()
	leavers.Go("makes groups", func(*sched.Thread) {
		for n := uint64(0); n < 20; n++ {
			g := sched.NewGroup()
			for range threads {
				g.Thread("elsewhere") // so that IDs, and with them words of the section, differ
			}
			for i := range threads {
				rng := random(seed, 100+n*threads+uint64(i))
				g.Go(fmt.Sprint("leaves ", i), func(t *sched.Thread) {
					for x.op(t, rng) && t.Err() == nil {
					}
				})
			}
			time.Sleep(50 * time.Microsecond)
			g.Cancel(errEnough)
			g.Wait()
		}
		left.Store(true)
	})
	if err := s.wait(&x.ops, stay, leavers); err != nil {
		return err
	}
	if err := x.err(); err != nil {
		return err
	}
	return s.works(x.l)
}

// realCounts: a wait is counted, once, for the side that was wanted.
func (s *Suite) realCounts(seed uint64) error {
	for _, add := range []bool{true, false} {
		g, l := sched.NewGroup(), s.New()
		holder := g.Thread("holds")
		if err := s.takeSide(holder, l, !add); err != nil {
			return err
		}
		var started atomic.Int64
		g.Go("waits", func(t *sched.Thread) {
			started.Store(1)
			if s.takeSide(t, l, add) == nil {
				releaseSide(t, l, add)
			}
		})
		for started.Load() == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(5 * time.Millisecond)
		releaseSide(holder, l, !add)
		if err := s.wait(&started, g); err != nil {
			return err
		}
		waits := g.Threads()[1].Waits
		mode := map[bool]sched.Mode{true: sched.Add, false: sched.Block}[add]
		for m, w := range waits {
			want := int64(0)
			if sched.Mode(m) == mode {
				want = 1
			}
			if w.N != want || w.MaxNs != w.Ns || want == 1 && w.Ns < int64(time.Millisecond) {
				return fmt.Errorf("after one wait for %v: %v waits are %+v", mode, sched.Mode(m), w)
			}
		}
	}
	return nil
}
