package core_test

import (
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// sparse is a cheap picker: it preempts once in so many steps.
type sparse struct{ every, n int }

func (p *sparse) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	p.n++
	if current == nil || p.every > 0 && p.n%p.every == 0 {
		return runnable[p.n%len(runnable)]
	}
	return current
}

// BenchmarkDetermSteps is a direct write beside a store to the page through a
// mapping, both again and again: steps a second of the real paths under the
// deterministic scheduler. IO goes by pages; sectors=true makes each sector a
// step.
func BenchmarkDetermSteps(b *testing.B) {
	for _, c := range []struct {
		name    string
		every   int
		sectors bool
	}{{"preempt=never", 0, false}, {"preempt=50", 50, false}, {"preempt=50/sectors", 50, true}} {
		b.Run(c.name, func(b *testing.B) {
			var d sched.Determ
			defer d.Close()
			store := disk.NewMemory(2 * core.PageSize)
			if !c.sectors {
				store.Step = core.PageSize
			}
			m := core.NewAddressSpace(coherence.AddLock, store, mmu.NewSoft(), core.Options{})
			setup := core.NewTask(sched.NewGroup().Thread("setup"))
			v, err := m.Map(setup, 0, 2*core.PageSize)
			if err != nil {
				b.Fatal(err)
			}
			mem := core.Buffer{Mem: disk.Block(core.PageSize)}
			writer, storer := core.NewTask(setup.Thread), core.NewTask(setup.Thread)
			const rounds = 20
			write := func(t *sched.Thread) {
				writer.Reset(t)
				for range rounds {
					if _, err := m.WriteDirect(writer, mem, 0); err != nil {
						b.Error(err)
					}
				}
			}
			stores := func(t *sched.Thread) {
				storer.Reset(t)
				for i := range rounds {
					if err := v.Store(storer, 8, uint64(i)); err != nil {
						b.Error(err)
					}
				}
			}
			var steps int64
			for b.Loop() {
				g := d.Reset(sched.Config{Picker: &sparse{every: c.every}})
				g.Go("writes", write)
				g.Go("stores", stores)
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
				steps += d.Steps()
			}
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds()/1e6, "Msteps/s")
		})
	}
}
