package core_test

import (
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/locktest"
	"cohbench/core/sched"
)

var suites = []struct {
	name string
	locktest.Suite
}{
	{"TwoStateLock", locktest.Suite{New: func() core.PagecacheLock { return new(core.TwoStateLock) }, ManyBlock: true, AddsReenter: true}},
	{"RWSemLock", locktest.Suite{New: func() core.PagecacheLock { return new(core.RWSemLock) }}},
}

func TestConformance(t *testing.T) {
	for _, s := range suites {
		t.Run(s.name, s.Run)
	}
}

// fault is what a twin does wrong.
type fault string

const (
	noFault         fault = "none"
	forgetsToWake   fault = "unlock forgets to wake"
	wakesOne        fault = "unlock wakes one of many"
	wrongSign       fault = "the sign check is wrong"
	sleepsUnchecked fault = "does not look again after queueing"
	wakesTooEarly   fault = "wakes before it releases"
	keepsOnCancel   fault = "takes the lock and returns the cancellation"
	losesUpdate     fault = "reads and writes the word in two steps"
)

// twin is a two-state lock in the obvious form, with a fault.
type twin struct {
	fault fault
	v     atomic.Int64
	wait  sched.WaitQueue
	obj   sched.Object
}

func (l *twin) Object() *sched.Object { return &l.obj }

func (l *twin) try(t *sched.Thread, side int64) bool {
	t.Yield(sched.LocAny, sched.KindLock)
	for {
		v := l.v.Load()
		if v*side < 0 && !(l.fault == wrongSign && v == -1) {
			return false
		}
		if l.fault == losesUpdate {
			t.Yield(sched.LocAny, sched.KindWrite)
			l.v.Store(v + side)
			return true
		}
		if l.v.CompareAndSwap(v, v+side) {
			return true
		}
	}
}

func (l *twin) lock(t *sched.Thread, side int64, mode sched.Mode) error {
	if l.try(t, side) {
		return nil
	}
	for {
		t.Yield(sched.LocAny, sched.KindLock)
		l.wait.Prepare(t)
		if l.fault != sleepsUnchecked && l.try(t, side) {
			l.wait.Finish(t)
			return nil
		}
		err := l.wait.Sleep(t, &l.obj, mode)
		if err != nil {
			l.wait.Finish(t)
			if l.fault == keepsOnCancel {
				l.try(t, side)
			}
			return err
		}
		if l.fault == sleepsUnchecked && l.try(t, side) {
			l.wait.Finish(t)
			return nil
		}
	}
}

func (l *twin) unlock(t *sched.Thread, side int64) {
	t.Yield(sched.LocAny, sched.KindUnlock)
	if l.fault == wakesTooEarly {
		l.wait.WakeAll(t)
		t.Yield(sched.LocAny, sched.KindUnlock)
	}
	if l.v.Add(-side) != 0 {
		return
	}
	switch l.fault {
	case forgetsToWake, wakesTooEarly:
	case wakesOne:
		l.wait.WakeOne(t)
	default:
		l.wait.WakeAll(t)
	}
}

func (l *twin) Add(t *sched.Thread) error     { return l.lock(t, -1, sched.Add) }
func (l *twin) TryAdd(t *sched.Thread) bool   { return l.try(t, -1) }
func (l *twin) Unadd(t *sched.Thread)         { l.unlock(t, -1) }
func (l *twin) Block(t *sched.Thread) error   { return l.lock(t, 1, sched.Block) }
func (l *twin) TryBlock(t *sched.Thread) bool { return l.try(t, 1) }
func (l *twin) Unblock(t *sched.Thread)       { l.unlock(t, 1) }

func TestConformanceCatchesTwins(t *testing.T) {
	for _, f := range []fault{noFault, forgetsToWake, wakesOne, wrongSign, sleepsUnchecked, wakesTooEarly, keepsOnCancel, losesUpdate} {
		t.Run(string(f), func(t *testing.T) {
			s := locktest.Suite{
				New:       func() core.PagecacheLock { return &twin{fault: f} },
				ManyBlock: true, AddsReenter: true,
				Rounds: 5, Patience: 100 * time.Millisecond,
			}
			if f == noFault {
				s.Patience = 0
			}
			failures := s.Failures()
			if (f == noFault) != (len(failures) == 0) {
				t.Errorf("%d failures", len(failures))
			}
			for _, err := range failures {
				t.Log(err)
			}
		})
	}
}
