package sched

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

// Two threads that wait for each other by looking again and again are seen to
// be in a livelock, under every picker, and it is said who looks at what.
func TestLivelock(t *testing.T) {
	noLeak(t)
	for _, picker := range []Picker{&RoundRobin{}, &Replay{}, Random{random(1)}} {
		g := NewDeterm(Config{Picker: picker})
		var flags [2]atomic.Bool
		for i := range 2 {
			g.Go(fmt.Sprint("t", i), func(th *Thread) {
				th.Op("waits")
				for !flags[i].Load() {
					if th.Spin(Loc(i+1)) != nil {
						return
					}
				}
				flags[1-i].Store(true)
			})
		}
		var l *Livelock
		if err := g.Wait(); !errors.As(err, &l) || len(l.Spinning) != 2 {
			t.Fatalf("%T: %v", picker, err)
		}
		want := "livelock of 2 threads\n  t0 (waits) spins on 0x1\n  t1 (waits) spins on 0x2"
		if l.String() != want {
			t.Errorf("%s", l)
		}
	}
}

// Who spins for another that has much to do is in no livelock, even if a third
// spins with it, and a picker would like to go on with those two for ever.
func TestNoLivelock(t *testing.T) {
	noLeak(t)
	g := NewDeterm(Config{Picker: &Replay{}})
	var flag atomic.Bool
	for i := range 2 {
		g.Go(fmt.Sprint("spins ", i), func(th *Thread) {
			for !flag.Load() && th.Spin(1) == nil {
			}
		})
	}
	g.Go("works", func(th *Thread) {
		for range 10_000 {
			th.Yield(2, KindWrite)
		}
		flag.Store(true)
	})
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// What looks like a livelock is none as long as somebody spins at one thing
// after another.
func TestProgressEndsLivelock(t *testing.T) {
	noLeak(t)
	g := NewDeterm(Config{Picker: &RoundRobin{}, Patience: 8})
	g.Go("gets on", func(th *Thread) {
		for range 10 {
			th.Op("next")
			for range 6 {
				th.Spin(1)
			}
		}
	})
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
