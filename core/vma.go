package core

import (
	"fmt"

	"cohbench/core/mmu"
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
	p, err := v.fault(t, v.first+PageIndex(idx), access)
	if p != nil {
		t.release(v.m, p)
	}
	return err
}

// Load returns the aligned word at off.
func (v *vma) Load(t *Task, off int64) (uint64, error) { return v.pt.Load(&t.cpu, off) }

// Store sets the aligned word at off.
func (v *vma) Store(t *Task, off int64, x uint64) error { return v.pt.Store(&t.cpu, off, x) }

// ReadAt copies out of the mapping.
func (v *vma) ReadAt(t *Task, p []byte, off int64) (int, error) { return v.pt.Read(&t.cpu, p, off) }

// WriteAt copies into the mapping.
func (v *vma) WriteAt(t *Task, p []byte, off int64) (int, error) { return v.pt.Write(&t.cpu, p, off) }

// Unmap removes the mapping.
func (v *vma) Unmap(t *Task) error {
	v.pt.Close(t.Thread)
	return nil
}
