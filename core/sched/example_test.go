package sched_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"cohbench/core/sched"
)

// latch opens once, for everybody.
type latch struct {
	open  atomic.Bool
	queue sched.WaitQueue
	obj   sched.Object
}

func (l *latch) Wait(t *sched.Thread) error {
	for {
		l.queue.Prepare(t)
		t.Yield(l.obj.Loc(), sched.KindRead)
		if l.open.Load() {
			l.queue.Finish(t)
			return nil
		}
		if err := l.queue.Sleep(t, &l.obj, sched.Exclusive); err != nil {
			l.queue.Finish(t)
			return err
		}
	}
}

func (l *latch) Open(t *sched.Thread) {
	t.Yield(l.obj.Loc(), sched.KindWrite)
	l.open.Store(true)
	l.queue.WakeAll(t)
}

// A condition that threads wait for works on real threads as well as on the
// deterministic controller, which tries as many schedules as one likes.
func ExampleWaitQueue() {
	program := func(g *sched.Group) error {
		var l latch
		g.Go("waits", func(t *sched.Thread) { l.Wait(t) })
		g.Go("opens", l.Open)
		return g.Wait()
	}
	fmt.Println("real threads:", program(sched.NewGroup()))
	for seed := range uint64(100) {
		picker := sched.Random{Rand: rand.New(rand.NewPCG(seed, 0))}
		if err := program(sched.NewDeterm(sched.Config{Picker: picker})); err != nil {
			fmt.Println("seed", seed, err)
		}
	}
	// Output:
	// real threads: <nil>
}

// Two threads hold one object each and want that of the other.
func ExampleDeadlock() {
	g := sched.NewDeterm(sched.Config{Picker: &sched.RoundRobin{}})
	var latches [2]latch
	for i := range latches {
		latches[i].obj = sched.Object{Name: "latch", ID: uint64(i + 1)}
		g.Go(fmt.Sprint("thread ", i), func(t *sched.Thread) {
			t.Op("opens crosswise")
			t.Hold(&latches[i].obj, sched.Exclusive)
			defer t.Release(&latches[i].obj, sched.Exclusive)
			if latches[1-i].Wait(t) == nil {
				latches[i].Open(t)
			}
		})
	}
	var d *sched.Deadlock
	if errors.As(g.Wait(), &d) {
		fmt.Println(d.String())
	}
	// Output:
	// deadlock of 2 threads
	//   thread 0 (opens crosswise) holds exclusive of latch 1 wants exclusive of latch 2, waits for thread 1
	//   thread 1 (opens crosswise) holds exclusive of latch 2 wants exclusive of latch 1, waits for thread 0
}
