package core_test

import (
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// TestNoAllocation: no operation of a model engine allocates, once its task
// has its buffers and the file its pages.
func TestNoAllocation(t *testing.T) {
	for _, p := range coherence.All() {
		g := sched.NewGroup()
		task := core.NewTask(g.Thread("main"))
		d := disk.NewMemory(8 * core.PageSize)
		e := &core.Model{Policy: p, Tables: tables}
		f, err := e.Open(g, core.Backing{Disk: d})
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.Map(task, 0, 8*core.PageSize)
		if err != nil {
			t.Fatal(err)
		}
		mem := core.Buffer{Mem: disk.Block(2 * core.PageSize)}
		mapped := core.Buffer{Map: v, Off: 4 * core.PageSize, Len: core.PageSize}
		ops := map[string]func() error{
			"buffered read":  func() error { _, err := f.ReadAt(task, mem, 0); return err },
			"buffered write": func() error { _, err := f.WriteAt(task, mem, 0); return err },
			"direct read":    func() error { _, err := f.ReadDirect(task, mem, 0); return err },
			"direct write":   func() error { _, err := f.WriteDirect(task, mem, 0); return err },
			"load":           func() error { _, err := v.Load(task, 0); return err },
			"store":          func() error { return v.Store(task, 8, 1) },
			"mapped buffer": func() error {
				if _, err := v.Load(task, 4*core.PageSize); err != nil {
					return err
				}
				_, err := f.WriteDirect(task, mapped, 0)
				return err
			},
			"sync":  func() error { return f.Sync(task) },
			"evict": func() error { return f.Evict(task, 0, 8*core.PageSize) },
		}
		for name, op := range ops {
			if n := testing.AllocsPerRun(20, func() {
				if err := op(); err != nil {
					t.Fatalf("%s: %s: %v", p.Name, name, err)
				}
			}); n > 0 {
				t.Errorf("%s: %s: %.0f allocations", p.Name, name, n)
			}
		}
	}
}
