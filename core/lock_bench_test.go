package core_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"cohbench/core"
	"cohbench/core/sched"
)

// Uncontended: one thread takes and releases the shared side. The locks are
// named types here, not interfaces, so that what inlines does.
func BenchmarkUncontended(b *testing.B) {
	t := sched.NewGroup().Thread("bench")
	b.Run("lock=TwoStateLock", func(b *testing.B) {
		var l core.TwoStateLock
		b.ReportAllocs()
		for b.Loop() {
			l.Add(t)
			l.Unadd(t)
		}
	})
	b.Run("lock=RWMutex", func(b *testing.B) {
		var l sync.RWMutex
		b.ReportAllocs()
		for b.Loop() {
			l.RLock()
			l.RUnlock()
		}
	})
	b.Run("lock=RWSem", func(b *testing.B) {
		var l core.RWSem
		b.ReportAllocs()
		for b.Loop() {
			l.DownRead(t)
			l.UpRead(t)
		}
	})
}

// rwMutex is sync.RWMutex as a PagecacheLock, for comparison only: it cannot
// be cancelled.
type rwMutex struct {
	sync.RWMutex
	obj sched.Object
}

func (l *rwMutex) Add(*sched.Thread) error     { l.RLock(); return nil }
func (l *rwMutex) TryAdd(*sched.Thread) bool   { return l.TryRLock() }
func (l *rwMutex) Unadd(*sched.Thread)         { l.RUnlock() }
func (l *rwMutex) Block(*sched.Thread) error   { l.Lock(); return nil }
func (l *rwMutex) TryBlock(*sched.Thread) bool { return l.TryLock() }
func (l *rwMutex) Unblock(*sched.Thread)       { l.Unlock() }
func (l *rwMutex) Object() *sched.Object       { return &l.obj }

var benchLocks = []struct {
	name string
	make func() core.PagecacheLock
}{
	{"TwoStateLock", func() core.PagecacheLock { return new(core.TwoStateLock) }},
	{"RWSem", func() core.PagecacheLock { return new(core.RWSemLock) }},
	{"RWMutex", func() core.PagecacheLock { return new(rwMutex) }},
}

// together runs body on n threads, each for its share of b.N, and returns
// what waking cost all of them.
func together(b *testing.B, n int, body func(t *sched.Thread, i, rounds int)) sched.WakeStats {
	g := sched.NewGroup()
	b.ResetTimer()
	for i := range n {
		g.Go(fmt.Sprint(i), func(t *sched.Thread) { body(t, i, b.N/n+1) })
	}
	g.Wait()
	b.StopTimer()
	var w sched.WakeStats
	for _, t := range g.Threads() {
		w.Merge(&t.Wake)
	}
	return w
}

// Adders: several threads take and release the shared side at once.
func BenchmarkAdders(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8} {
		for _, k := range benchLocks {
			b.Run(fmt.Sprintf("lock=%s/threads=%d", k.name, n), func(b *testing.B) {
				l := k.make()
				together(b, n, func(t *sched.Thread, _, rounds int) {
					for range rounds {
						l.Add(t)
						l.Unadd(t)
					}
				})
			})
		}
	}
}

// HandOver: as many adders as blockers want the lock all the time, and give
// the processor up while they hold it, so that somebody always waits.
func BenchmarkHandOver(b *testing.B) {
	for _, n := range []int{2, 8} {
		for _, k := range benchLocks {
			b.Run(fmt.Sprintf("lock=%s/threads=%d", k.name, n), func(b *testing.B) {
				l := k.make()
				w := together(b, n, func(t *sched.Thread, i, rounds int) {
					for range rounds {
						if i%2 == 0 {
							l.Add(t)
							runtime.Gosched()
							l.Unadd(t)
						} else {
							l.Block(t)
							runtime.Gosched()
							l.Unblock(t)
						}
					}
				})
				b.ReportMetric(float64(w.Woken)/float64(b.N), "woken/op")
			})
		}
	}
}

// Herd: one blocker leaves while some adders wait. An op is a whole round;
// from-unblock-ns is the part of it from the release until the last adder has
// been in.
func BenchmarkHerd(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		for _, k := range benchLocks[:2] {
			b.Run(fmt.Sprintf("lock=%s/waiters=%d", k.name, n), func(b *testing.B) { benchmarkHerd(b, k.make(), n) })
		}
	}
}

func benchmarkHerd(b *testing.B, l core.PagecacheLock, n int) {
	g := sched.NewGroup()
	by := g.Thread("blocker")
	var ready, in sync.WaitGroup
	start := make([]chan struct{}, n)
	for i := range n {
		start[i] = make(chan struct{}, 1)
		g.Go(fmt.Sprint(i), func(t *sched.Thread) {
			for range start[i] {
				ready.Done()
				l.Add(t)
				l.Unadd(t)
				in.Done()
			}
		})
	}
	var ns int64
	for b.Loop() {
		l.Block(by)
		ready.Add(n)
		in.Add(n)
		for _, c := range start {
			c <- struct{}{}
		}
		ready.Wait()
		for range 50 {
			runtime.Gosched() // most of them are asleep then: see woken/op
		}
		from := by.Now()
		l.Unblock(by)
		in.Wait()
		ns += by.Now() - from
	}
	for _, c := range start {
		close(c)
	}
	g.Wait()
	b.ReportMetric(float64(ns)/float64(b.N), "from-unblock-ns")
	b.ReportMetric(float64(by.Wake.Woken)/float64(b.N), "woken/op")
	b.ReportMetric(float64(by.Wake.MaxHerd), "max-herd")
}
