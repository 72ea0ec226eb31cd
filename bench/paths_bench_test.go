package bench

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ncw/directio"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// The benchmarks of this file hold each path against what one would use
// instead, in one process. Those of single parts stand beside the parts:
// locks that are fought over in core (Adders, HandOver, Herd), userfaultfd
// against a bare handler in core/mmu, the oracle in workloads/oracle, whole
// operations in workloads.

// BenchmarkLock is one pair of calls on a free lock, through the interface by
// which the paths call it.
func BenchmarkLock(b *testing.B) {
	t := sched.NewGroup().Thread("bench")
	var mu sync.RWMutex
	two, sem := core.PagecacheLock(new(core.TwoStateLock)), core.PagecacheLock(new(core.RWSemLock))
	for _, l := range []struct {
		name         string
		take, giveUp func()
	}{
		{"side=add/lock=sync.RWMutex", mu.RLock, mu.RUnlock},
		{"side=add/lock=TwoStateLock", func() { two.Add(t) }, func() { two.Unadd(t) }},
		{"side=add/lock=RWSemLock", func() { sem.Add(t) }, func() { sem.Unadd(t) }},
		{"side=block/lock=sync.RWMutex", mu.Lock, mu.Unlock},
		{"side=block/lock=TwoStateLock", func() { two.Block(t) }, func() { two.Unblock(t) }},
		{"side=block/lock=RWSemLock", func() { sem.Block(t) }, func() { sem.Unblock(t) }},
	} {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.take()
				l.giveUp()
			}
		})
	}
}

// BenchmarkPages is what a page costs to fault in, to fault in again from the
// disk, to invalidate and to pin, under the kernel's own page tables and under
// those of the models: MeasureTax, which takes them in turn.
func BenchmarkPages(b *testing.B) {
	var tax *result.Tax
	for b.Loop() {
		var err error
		if tax, err = MeasureTax(directDir(b)); err != nil {
			b.Skip(err)
		}
	}
	for _, row := range tax.Rows {
		for _, c := range row.Costs {
			if c.Ns.N == 0 {
				b.Logf("%s on %s: %s", row.Op, c.MMU, c.Ns.Why)
				continue
			}
			b.ReportMetric(c.Ns.Median, benchUnit(row.Op, c.MMU))
		}
	}
}

// benchUnit names a metric, which may have no spaces.
func benchUnit(op, mmu string) string {
	name := []byte(op + "/" + mmu + "-ns")
	for i, c := range name {
		if c == ' ' {
			name[i] = '-'
		}
	}
	return string(name)
}

// BenchmarkIO is direct IO of 4 KiB, block after block, by one task: by a bare
// system call, through core/disk, and through engines with an empty cache.
func BenchmarkIO(b *testing.B) {
	const size = 1 << 20
	file, err := disk.Create(filepath.Join(directDir(b), "io.dat"), size)
	if err != nil {
		b.Skip(err)
	}
	defer file.Remove()
	bare, err := directio.OpenFile(file.Path(), os.O_RDWR, 0)
	if err != nil {
		b.Skip(err)
	}
	defer bare.Close()
	task, buf := core.NewTask(sched.NewGroup().Thread("bench")), disk.Block(core.PageSize)
	paths := []ioPath{
		{"syscall", bare.ReadAt, bare.WriteAt},
		{"disk", func(p []byte, off int64) (int, error) { return len(p), file.ReadAt(task.Thread, p, off) },
			func(p []byte, off int64) (int, error) { return file.WriteAt(task.Thread, p, off) }},
	}
	for _, e := range engines(b, "raw", "addlock", "invalidate-lock", "double-invalidate") {
		f, err := e.Open(task.Group(), core.Backing{Path: file.Path(), Disk: file})
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close(task)
		paths = append(paths, ioPath{e.Name(),
			func(p []byte, off int64) (int, error) { return f.ReadDirect(task, core.Buffer{Mem: p}, off) },
			func(p []byte, off int64) (int, error) { return f.WriteDirect(task, core.Buffer{Mem: p}, off) }})
	}
	for _, p := range paths { // the writes first, so that no extent is unwritten
		p.bench(b, "op=write/path="+p.name, p.write, buf, size)
	}
	for _, p := range paths {
		p.bench(b, "op=read/path="+p.name, p.read, buf, size)
	}
}

// An ioPath is one way to read and write directly.
type ioPath struct {
	name        string
	read, write func(p []byte, off int64) (int, error)
}

func (ioPath) bench(b *testing.B, name string, do func(p []byte, off int64) (int, error), buf []byte, size int64) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(buf)))
		off := int64(0)
		for b.Loop() {
			if _, err := do(buf, off); err != nil {
				b.Fatal(err)
			}
			off = (off + int64(len(buf))) % size
		}
	})
}
