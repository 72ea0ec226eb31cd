package core

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/disk"
	"cohbench/core/sched"
)

// Raw is the engine "raw": direct IO on the backing store and nothing else, no
// cache and no lock. It is the ceiling that the others are measured against.
type Raw struct{}

// Name is "raw".
func (Raw) Name() string { return "raw" }

// Doc says what it is for.
func (Raw) Doc() string {
	return "O_DIRECT on the data file, without cache and lock: the ceiling. Locks nothing, and has no window, " +
		"because it offers direct reads and writes alone; of a workload it runs only the tasks that do direct IO."
}

// Claims is coherence, trivially.
func (Raw) Claims() Claims { return Claims{Coherent: true, DeadlockFree: true} }

// MMU is "none".
func (Raw) MMU() string { return "none" }

// Open opens the file.
func (Raw) Open(_ *sched.Group, b Backing) (File, error) {
	f := &rawFile{disk: b.Disk}
	f.size.Store(b.Disk.Size())
	return f, nil
}

type rawFile struct {
	disk disk.Disk
	size atomic.Int64
}

var errRaw = &UnsupportedError{Feature: "engine raw", Why: "it has no page cache; it does direct reads and writes of anonymous memory only"}

func (f *rawFile) ReadAt(*Task, Buffer, int64) (int, error)  { return 0, errRaw }
func (f *rawFile) WriteAt(*Task, Buffer, int64) (int, error) { return 0, errRaw }
func (f *rawFile) Map(*Task, int64, int64) (Mapping, error)  { return nil, errRaw }
func (f *rawFile) Truncate(*Task, int64) error               { return errRaw }
func (f *rawFile) PunchHole(*Task, int64, int64) error       { return errRaw }
func (f *rawFile) Evict(*Task, int64, int64) error           { return nil }
func (f *rawFile) Close(*Task) error                         { return nil }
func (f *rawFile) Size() int64                               { return f.size.Load() }
func (f *rawFile) ReadDirect(t *Task, b Buffer, off int64) (int, error) {
	if b.Map != nil {
		return 0, errRaw
	}
	n := int(min(int64(len(b.Mem)), max(f.size.Load()-off, 0)))
	if err := f.disk.ReadAt(t.Thread, b.Mem, off); err != nil {
		return 0, fmt.Errorf("direct read at %#x: %w: %w", off, ErrIO, err)
	}
	return n, nil
}

func (f *rawFile) WriteDirect(t *Task, b Buffer, off int64) (int, error) {
	if b.Map != nil {
		return 0, errRaw
	}
	n, err := f.disk.WriteAt(t.Thread, b.Mem, off)
	for end := off + int64(n); ; {
		size := f.size.Load()
		if end <= size || f.size.CompareAndSwap(size, end) {
			break
		}
	}
	if err != nil {
		return n, fmt.Errorf("direct write at %#x: %w: %w", off, ErrIO, err)
	}
	return n, nil
}

func (f *rawFile) Sync(t *Task) error {
	if err := f.disk.Sync(t.Thread); err != nil {
		return fmt.Errorf("sync: %w: %w", ErrIO, err)
	}
	return nil
}
