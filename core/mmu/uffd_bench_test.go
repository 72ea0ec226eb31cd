//go:build linux && (amd64 || arm64)

package mmu_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// BenchmarkLoad is an 8-byte load that does not fault.
func BenchmarkLoad(b *testing.B) {
	for _, k := range mmu.Kinds() {
		b.Run("mmu="+k.String(), func(b *testing.B) {
			w := newWorld(b, k)
			v := w.vma(1)
			w.store(v, 0, 1)
			for b.Loop() {
				if _, err := v.Load(w.main, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("bare-bracket", func(b *testing.B) {
		for b.Loop() {
			mmu.Empty()
		}
	})
}

// BenchmarkCopy is 4 KiB out of a mapping, without faults.
func BenchmarkCopy(b *testing.B) {
	for _, k := range mmu.Kinds() {
		b.Run("mmu="+k.String(), func(b *testing.B) {
			w := newWorld(b, k)
			v, p := w.vma(1), make([]byte, mmu.PageSize)
			b.SetBytes(mmu.PageSize)
			for b.Loop() {
				if _, err := v.Read(w.main, p, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// rival is one way to take a minor fault.
type rival struct {
	name string
	zap  func() error
	load func() error
	ns   []float64
}

// turn is some round trips in a row, because the first ones pay for what the
// rival before has left: the handler has to get back the P that the runtime
// gave away while it waited.
func (r *rival) turn() error {
	for range 100 {
		if err := r.zap(); err != nil {
			return err
		}
		start := time.Now()
		err := r.load()
		r.ns = append(r.ns, float64(time.Since(start)))
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkMinorFault takes turns between four ways to load from a page whose
// translation has been removed: our page tables, the same under the page cache
// with addlock, a handler that only installs the page, and the kernel alone.
// The figures are medians of single round trips; the ratios are to the bare
// handler's.
func BenchmarkMinorFault(b *testing.B) {
	need(b, mmu.KindUserfaultfd)
	rivals := []*rival{bare(b, "bare", true), bare(b, "native", false), tables(b), cache(b)}
	for b.Loop() {
		for _, r := range rivals {
			if err := r.turn(); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, r := range rivals {
		slices.Sort(r.ns)
		median := r.ns[len(r.ns)/2]
		b.ReportMetric(median, r.name+"-ns")
		if base := rivals[0].ns; r != rivals[0] {
			b.ReportMetric(median/base[len(base)/2], r.name+"/bare")
		}
	}
	b.ReportMetric(0, "ns/op") // of all four and the zapping: says nothing
}

func bare(b *testing.B, name string, register bool) *rival {
	p, err := mmu.NewBare(register)
	if err != nil {
		b.Fatal(err)
	}
	return &rival{name: name, zap: p.Zap, load: func() error { p.Load(); return nil }}
}

// tables is a VMA whose handler has the page at hand.
func tables(b *testing.B) *rival {
	w := newWorld(b, mmu.KindUserfaultfd)
	v := w.vma(1)
	w.load(v, 0)
	return &rival{
		name: "tables",
		zap: func() error {
			w.pages[0].Lock()
			defer w.pages[0].Unlock()
			w.mem.Zap(w.main.Thread, 0)
			return nil
		},
		load: func() error { _, err := v.Load(w.main, 0); return err },
	}
}

// cache is a mapping of a file in the page cache.
func cache(b *testing.B) *rival {
	mem, err := mmu.KindUserfaultfd.New()
	if err != nil {
		b.Fatal(err)
	}
	task := core.NewTask(sched.NewGroup().Thread("main"))
	f := core.NewAddressSpace(coherence.AddLock, disk.NewMemory(core.PageSize), mem, core.Options{})
	v, err := f.Map(task, 0, core.PageSize)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = v.Unmap(task)
		if err := f.Close(task); err != nil {
			b.Error(err)
		}
	})
	return &rival{
		name: "cache",
		zap:  func() error { mem.Zap(task.Thread, 0); return nil },
		load: func() error { _, err := v.Load(task, 0); return err },
	}
}

// BenchmarkFaults is minor faults of several tasks at once, each on its own
// page: the time for one, all tasks together.
func BenchmarkFaults(b *testing.B) {
	for _, tasks := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("tasks=%d", tasks), func(b *testing.B) {
			w := newWorld(b, mmu.KindUserfaultfd)
			v := w.vma(worldPages)
			for i := range tasks {
				w.g.Go(fmt.Sprint("task ", i), func(th *sched.Thread) {
					cpu, idx := &mmu.CPU{Thread: th}, int64(i)
					for n := 0; n < b.N; n += tasks {
						if _, err := v.Load(cpu, idx*mmu.PageSize); err != nil {
							b.Error(err)
						}
						w.pages[idx].Lock()
						w.mem.Zap(th, idx)
						w.pages[idx].Unlock()
					}
				})
			}
			_ = w.g.Wait()
		})
	}
}
