package core_test

import (
	"sync"
	"testing"

	"cohbench/core"
	"cohbench/core/sched"
)

// The locks are named types here, not interfaces, so that what inlines does.

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
