package bench

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// modelPages is the subject of a model engine: the seed's lock over an MMU.
type modelPages struct {
	task    *core.Task
	file    core.File
	mapping core.Mapping
	evicted int64 // pages that Evict was to drop
}

// taxEngine is the engine whose pages are measured. Alone, all coherent ones
// pay for the same steps.
const taxEngine = "addlock"

func newModelPages(k mmu.Kind, d disk.Disk) (*modelPages, error) {
	e, err := coherence.LookupOn(k, taxEngine)
	if err != nil {
		return nil, err
	}
	g := sched.NewGroup()
	m := &modelPages{task: core.NewTask(g.Thread("tax"))}
	if m.file, err = e.Open(g, core.Backing{Disk: noWrites{d}}); err != nil {
		return nil, err
	}
	if m.mapping, err = m.file.Map(m.task, 0, taxSize); err != nil {
		return nil, errors.Join(err, m.file.Close(m.task))
	}
	return m, nil
}

// noWrites is a disk on which writes take no time, and leave no trace.
type noWrites struct{ disk.Disk }

// WriteAt writes nothing.
func (noWrites) WriteAt(_ *sched.Thread, p []byte, _ int64) (int, error) { return len(p), nil }

// Sync has nothing to do.
func (noWrites) Sync(*sched.Thread) error { return nil }

func (m *modelPages) Touch(offs []int64) error {
	for _, off := range offs {
		if _, err := m.mapping.Load(m.task, off); err != nil {
			return err
		}
	}
	return nil
}

// Unmap makes a new mapping, which has no translations at all.
func (m *modelPages) Unmap([]int64) error {
	if err := m.mapping.Unmap(m.task); err != nil {
		return err
	}
	var err error
	m.mapping, err = m.file.Map(m.task, 0, taxSize)
	return err
}

func (m *modelPages) Evict(offs []int64) error {
	m.evicted = m.task.Stats.Invalidated + int64(len(offs))
	for _, off := range offs {
		if err := m.file.Evict(m.task, off, core.PageSize); err != nil {
			return err
		}
	}
	return nil
}

func (m *modelPages) Gone([]int64) error {
	if n := m.evicted - m.task.Stats.Invalidated; n > 0 {
		return fmt.Errorf("%d pages stay in the model's cache", n)
	}
	return nil
}

// Pin is a direct write to a place that is not cached. All it does for a page
// more is to pin it.
func (m *modelPages) Pin(off int64, n int) error {
	_, err := m.file.WriteDirect(m.task, core.Buffer{Map: m.mapping, Off: off, Len: n * core.PageSize}, taxTarget)
	return err
}

// Unpin has nothing to do: the write has let go.
func (m *modelPages) Unpin() error { return nil }

func (m *modelPages) Close() error {
	return errors.Join(m.mapping.Unmap(m.task), m.file.Close(m.task))
}
