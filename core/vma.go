package core

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// vma is a shared mapping of a file by a model engine.
type vma struct {
	m     *AddressSpace
	pt    mmu.VMA
	first PageIndex
}

// Map is mmap(2): no page is faulted in.
func (m *AddressSpace) Map(t *Task, off, length int64) (Mapping, error) {
	if off%PageSize != 0 || length%PageSize != 0 || off < 0 || length <= 0 {
		return nil, fmt.Errorf("map [%#x, %#x) of %s: not whole pages", off, off+length, m)
	}
	if err := t.lockMM(sched.Exclusive); err != nil {
		return nil, err
	}
	defer t.unlockMM(sched.Exclusive)
	v := &vma{m: m, first: PageIndex(off / PageSize)}
	pt, err := m.mem.NewVMA(t.Thread, int64(v.first), length/PageSize, v)
	if err != nil {
		return nil, fmt.Errorf("map [%#x, %#x) of %s: %w", off, off+length, m, err)
	}
	v.pt = pt
	return v, nil
}

// Fault implements mmu.Handler.
func (v *vma) Fault(cpu *mmu.CPU, _ mmu.VMA, idx int64, access mmu.Access) error {
	t := cpu.Task.(*Task)
	if err := t.lockMM(sched.Shared); err != nil {
		return err
	}
	p, err := v.fault(t, v.first+PageIndex(idx), access)
	if p != nil {
		t.release(v.m, p)
	}
	t.unlockMM(sched.Shared)
	v.touch(t, idx*PageSize, access != mmu.Read) // the access is tried again now
	return err
}

// touch is the step in which the page at off is accessed: the look at its
// translation and the access are one.
func (v *vma) touch(t *Task, off int64, write bool) {
	kind := sched.KindRead
	if write {
		kind = sched.KindWrite
	}
	t.Yield(v.m.loc(v.first+PageIndex(off/PageSize)), kind)
}

// Load returns the aligned word at off.
func (v *vma) Load(t *Task, off int64) (uint64, error) {
	v.touch(t, off, false)
	return v.pt.Load(&t.cpu, off)
}

// Store sets the aligned word at off.
func (v *vma) Store(t *Task, off int64, x uint64) error {
	v.touch(t, off, true)
	return v.pt.Store(&t.cpu, off, x)
}

// ReadAt copies out of the mapping.
func (v *vma) ReadAt(t *Task, p []byte, off int64) (int, error) {
	return v.copy(t, p, off, false, mmu.VMA.Read)
}

// WriteAt copies into the mapping.
func (v *vma) WriteAt(t *Task, p []byte, off int64) (int, error) {
	return v.copy(t, p, off, true, mmu.VMA.Write)
}

// copier is mmu.VMA.Read or mmu.VMA.Write.
type copier = func(v mmu.VMA, cpu *mmu.CPU, p []byte, off int64) (int, error)

// copy moves p by move: at once, or page by page for a scheduler.
func (v *vma) copy(t *Task, p []byte, off int64, write bool, move copier) (int, error) {
	if !t.Deterministic() {
		return move(v.pt, &t.cpu, p, off)
	}
	for n := 0; n < len(p); {
		at := off + int64(n)
		v.touch(t, at, write)
		k, err := move(v.pt, &t.cpu, p[n:min(len(p), n+PageSize-int(at%PageSize))], at)
		n += k
		if err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// Unmap removes the mapping.
func (v *vma) Unmap(t *Task) error {
	if err := t.lockMM(sched.Exclusive); err != nil {
		return err
	}
	defer t.unlockMM(sched.Exclusive)
	v.pt.Close(t.Thread)
	return nil
}
