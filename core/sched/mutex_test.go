package sched

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// mutex is the simplest lock on a WaitQueue: the subject of most tests here.
type mutex struct {
	held atomic.Bool
	wait WaitQueue
	obj  Object
}

func (m *mutex) lock(t *Thread) error {
	t.Yield(m.obj.Loc(), KindLock)
	for {
		m.wait.Prepare(t)
		t.Yield(m.obj.Loc(), KindLock)
		if m.held.CompareAndSwap(false, true) {
			m.wait.Finish(t)
			t.Hold(&m.obj, Exclusive)
			return nil
		}
		t.Yield(m.obj.Loc(), KindLock)
		if err := m.wait.Sleep(t, &m.obj, Exclusive); err != nil {
			m.wait.Finish(t)
			return err
		}
	}
}

func (m *mutex) unlock(t *Thread) {
	t.Release(&m.obj, Exclusive)
	t.Yield(m.obj.Loc(), KindUnlock)
	m.held.Store(false)
	t.Yield(m.obj.Loc(), KindUnlock)
	m.wait.WakeOne(t)
}

func newMutexes(n int) []*mutex {
	ms := make([]*mutex, n)
	for i := range ms {
		ms[i] = &mutex{obj: Object{Name: "mutex", ID: uint64(i + 1)}}
	}
	return ms
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// eventually waits for a condition that other goroutines are about to make true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// noLeak checks at the end of the test that no goroutine is left.
func noLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	})
}

func (t *Thread) isAsleep() bool { return t.state.Load()&stateMask == asleep }
