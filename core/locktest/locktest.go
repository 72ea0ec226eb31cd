// Package locktest is the conformance suite of [core.PagecacheLock]: what every
// policy may rely on, checked on real threads and, over many random
// schedules, on the deterministic controller.
//
// The checks do not look inside a lock. They know a lost wake-up as a case in
// which all that is left waits, and broken exclusion from counters and, under
// the race detector, from plain variables that the lock should order.
package locktest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
)

// Suite describes a lock.
type Suite struct {
	New         func() core.PagecacheLock // a free lock; required
	ManyBlock   bool                      // blockers share the lock
	AddsReenter bool                      // who adds may add again, whoever waits

	Seed      uint64        // of the random programs and schedules
	Schedules int           // per deterministic check; default 300
	Rounds    int           // per check on real threads; default 20
	Patience  time.Duration // without progress on real threads; default 10 s

	atomics bool // touch no plain variables: a race would fail the test
}

// check is one property. Seed makes it random, but repeatable on the
// deterministic controller.
type check struct {
	name  string
	times func(s *Suite) int
	run   func(s *Suite, seed uint64) error
}

func (s *Suite) schedules() int { return s.Schedules }
func (s *Suite) rounds() int    { return s.Rounds }
func (s *Suite) once() int      { return 1 }

var checks = []check{
	{"try", (*Suite).once, (*Suite).try},
	{"deterministic/exclusion", (*Suite).schedules, (*Suite).determExclusion},
	{"deterministic/cancel", (*Suite).schedules, (*Suite).determCancel},
	{"deterministic/hand-over", (*Suite).schedules, (*Suite).determHandOver},
	{"deterministic/together", (*Suite).schedules, (*Suite).determTogether},
	{"deterministic/reenter", (*Suite).schedules, (*Suite).determReenter},
	{"threads/exclusion", (*Suite).rounds, (*Suite).realExclusion},
	{"threads/hand-over", (*Suite).rounds, (*Suite).realHandOver},
	{"threads/cancel", (*Suite).rounds, (*Suite).realCancel},
	{"threads/cancel one group", (*Suite).rounds, (*Suite).realCancelOne},
	{"threads/waits are counted", (*Suite).once, (*Suite).realCounts},
}

func (s Suite) withDefaults() Suite {
	if s.Schedules == 0 {
		s.Schedules = 300
	}
	if s.Rounds == 0 {
		s.Rounds = 20
	}
	if s.Patience == 0 {
		s.Patience = 10 * time.Second
	}
	return s
}

// Run runs all checks as subtests.
func (s Suite) Run(t *testing.T) {
	s = s.withDefaults()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.repeat(&s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Failures runs all checks and returns an error for each that failed: for
// tests which show that a broken lock is caught.
func (s Suite) Failures() []error {
	s = s.withDefaults()
	s.atomics = true
	var failed []error
	for _, c := range checks {
		if err := c.repeat(&s); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return failed
}

func (c *check) repeat(s *Suite) error {
	for i := range c.times(s) {
		seed := s.Seed + uint64(i)
		if err := c.run(s, seed); err != nil {
			return fmt.Errorf("Suite{Seed: %d}: %w", seed, err)
		}
	}
	return nil
}

func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// determ makes a deterministic group whose schedule depends on seed. In
// every other one time passes fast, for locks that go by it.
func determ(seed uint64) *sched.Group {
	return sched.NewDeterm(sched.Config{
		Picker:    sched.Random{Rand: random(seed, 1<<32)},
		MaxSteps:  1 << 16,
		NsPerStep: 1 + int64(seed%2)*1_000_000,
	})
}

// explain makes an error of a deadlock readable.
func explain(err error) error {
	var d *sched.Deadlock
	if errors.As(err, &d) {
		return errors.New(d.String())
	}
	return err
}

// try checks the rules of TryAdd and TryBlock.
func (s *Suite) try(uint64) error {
	t, l := sched.NewGroup().Thread("try"), s.New()
	steps := []struct {
		name string
		got  func() bool
		want bool
	}{
		{"add a free lock", func() bool { return l.TryAdd(t) }, true},
		{"block what is added", func() bool { return l.TryBlock(t) }, false},
		{"add what is added", func() bool { return l.TryAdd(t) }, true},
		{"block after one of two adders left", func() bool { l.Unadd(t); return l.TryBlock(t) }, false},
		{"block after both have left", func() bool { l.Unadd(t); return l.TryBlock(t) }, true},
		{"add what is blocked", func() bool { return l.TryAdd(t) }, false},
		{"block what is blocked", func() bool { return l.TryBlock(t) }, s.ManyBlock},
		{"add after the blockers have left", func() bool {
			l.Unblock(t)
			if s.ManyBlock {
				if l.TryAdd(t) {
					return false
				}
				l.Unblock(t)
			}
			return l.TryAdd(t)
		}, true},
	}
	for _, st := range steps {
		if got := st.got(); got != st.want {
			return fmt.Errorf("%s: %v, want %v", st.name, got, st.want)
		}
	}
	l.Unadd(t)
	return s.works(l)
}

// works checks that a lock which nobody should hold any more is free.
func (s *Suite) works(l core.PagecacheLock) error {
	t := sched.NewGroup().Thread("after")
	if !l.TryBlock(t) {
		return errors.New("the lock is not free after everybody has left")
	}
	l.Unblock(t)
	if !l.TryAdd(t) {
		return errors.New("the lock is not open to adders after everybody has left")
	}
	l.Unadd(t)
	return nil
}
