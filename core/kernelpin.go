package core

import (
	"errors"
	"fmt"

	"cohbench/core/disk"
	"cohbench/core/mmu"
)

// WriteDirectKernelPin is WriteDirect with a buffer that the kernel pins. It is
// one pwrite(2) with O_DIRECT of the mapping's own memory, so the recursion
//
//	direct write -> get_user_pages -> page fault -> the same lock
//
// runs through the running kernel: its get_user_pages faults inside the write,
// userfaultfd(2) tells which thread did, and the fault handler finds in that
// thread's task which file it holds blocked (AddForFault). What it refuses
// fails the write with EFAULT. Then the locks are cycled: let go of the block,
// fault the buffer in, which takes add, block and invalidate again. And all of
// the IO is done again: ext4 and XFS say EFAULT of a write whose first pages
// have landed. bcachefs itself leaves this to its caller and returns EFAULT;
// gfs2 and btrfs retry like this.
//
// The handler runs while the kernel holds the inode lock of the backing file,
// so it must not wait for what needs that lock. It cannot: the file is blocked,
// so that nobody can add a page, hence nobody reads one from the disk; and
// what would break this is refused: a policy that does not block, an extending
// write, a buffer in another file.
//
// Preconditions: nobody else uses the buffer's mapping meanwhile.
func (m *AddressSpace) WriteDirectKernelPin(t *Task, b Buffer, off int64) (int, error) {
	t.Op("direct write, pinned by the kernel")
	call, err := m.kernelPinnable(b, off)
	if err != nil {
		return 0, fmt.Errorf("direct write [%#x, %#x) of %s, pinned by the kernel: %w", off, off+int64(b.Size()), m, err)
	}
	d, err := m.beginDirect(t, b, off, true)
	if err != nil {
		return 0, err
	}
	defer d.finish(t, m)
	switch {
	case !d.blocked:
		return 0, noKernelPin("policy " + m.policy.Name + " does not block the cache")
	case d.Extending:
		return 0, noKernelPin("the file has become shorter than the write")
	}
	m.exposed.begin(t.Thread, pagesOf(off, d.N))
	n, err := m.writeKernelPin(t, d, b, call)
	if m.exposed.end(t.Thread) {
		t.Stats.Exposures++
	}
	return n, err
}

// kernelPinnable returns the buffer's mapping, if the kernel may fault on it
// inside a write of m at off.
func (m *AddressSpace) kernelPinnable(b Buffer, off int64) (mmu.SystemCaller, error) {
	v, ok := b.Map.(*vma)
	if !ok || v.m != m {
		return nil, noKernelPin("the buffer is no mapping of the file itself, and its faults could wait for the kernel's inode lock")
	}
	call, ok := v.pt.(mmu.SystemCaller)
	if !ok {
		return nil, noKernelPin("it knows nothing of the page tables of MMU " + m.mem.Name())
	}
	if _, ok := m.disk.(*disk.File); !ok {
		return nil, noKernelPin("the disk is not a file")
	}
	size, source := int64(b.Size()), int64(v.first)*PageSize+b.Off
	if max(off, source)+size > m.size.Load() {
		return nil, noKernelPin("the write, or its buffer, reaches beyond the end of the file")
	}
	from, to := pagesOf(source, size), pagesOf(off, size)
	if from.start < to.end && to.start < from.end {
		return nil, fmt.Errorf("%w: the buffer is what the write invalidates", ErrFault)
	}
	return call, nil
}

func noKernelPin(why string) error {
	return &UnsupportedError{Feature: "pinning by the kernel", Why: why}
}

// writeKernelPin is WriteDirectKernelPin inside its locks.
func (m *AddressSpace) writeKernelPin(t *Task, d *DirectIO, b Buffer, call mmu.SystemCaller) (int, error) {
	for {
		if err := m.shootDown(t, pagesOf(d.Off, d.N)); err != nil {
			return 0, err
		}
		n, err := m.submitKernelPin(t, d, b, call)
		var refused *mmu.RefusedError
		if !errors.As(err, &refused) || !errors.Is(refused.Fault, ErrFault) {
			return n, err
		}
		t.Stats.EFAULT++
		t.Stats.Retries++
		if err := m.faultInBuffer(t, d, b); err != nil {
			return 0, err
		}
	}
}

// submitKernelPin is the system call, with the task context set as in pinUnder.
func (m *AddressSpace) submitKernelPin(t *Task, d *DirectIO, b Buffer, call mmu.SystemCaller) (n int, err error) {
	if c := m.policy.Context; c != nil {
		if err := c.Set(t, m); err != nil {
			return 0, err
		}
		defer c.Clear(t, m)
	}
	err = call.SystemCall(&t.cpu, b.Off, int64(b.Len), func(mem []byte) (err error) {
		n, err = m.disk.WriteAt(t.Thread, mem, d.Off)
		return err
	})
	return n, err
}

// faultInBuffer brings the buffer in with the lock let go of, by loading from each
// of its pages: mm/gup.c: fault_in_readable.
func (m *AddressSpace) faultInBuffer(t *Task, d *DirectIO, b Buffer) error {
	d.unblock(t, m)
	if err := b.faultIn(t); err != nil {
		return err
	}
	if err := t.Spin(m.loc(PageIndex(d.Off / PageSize))); err != nil {
		return err
	}
	return d.Block(t, m)
}

// FaultsDisabled is the file that the task holds blocked while it pins the
// buffer of a direct write, or nil, where the policy keeps it in the task. It is
// for fault handlers that wrap this one to watch it.
func (t *Task) FaultsDisabled() *AddressSpace { return t.faultsDisabled }
