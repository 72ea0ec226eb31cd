package core

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// pinPages pins size bytes of a mapped buffer from byte n on. A page to be read
// from is copied into the task's bounce buffer while it is locked: the disk is
// never given memory that can be punched out of the cache under it.
func (t *Task) pinPages(b Buffer, n, size int, forWrite bool) (int, error) {
	v, ok := b.Map.(*vma)
	if !ok {
		return 0, fmt.Errorf("%w: the buffer is a mapping of another engine", ErrFault)
	}
	bounce := t.pinBuffer(size)
	for done := 0; done < size; {
		off := b.Off + int64(n+done)
		k := min(size-done, PageSize-int(off%PageSize))
		p, err := v.pin(t, off, forWrite, func(p *Page) {
			if !forWrite {
				mmu.Copy(bounce[done:done+k], p.frame.Mem[off%PageSize:])
			}
		})
		if err != nil {
			return done, err
		}
		t.pins = append(t.pins, pinnedPage{v.m, p})
		done += k
	}
	return size, nil
}

// pinnedPage is a page that a direct IO holds a reference on.
type pinnedPage struct {
	m *AddressSpace
	p *Page
}

// unpin drops the references of a chunk.
func (t *Task) unpin() {
	for i, pin := range t.pins {
		t.put(pin.m, pin.p)
		t.pins[i] = pinnedPage{}
	}
	t.pins = t.pins[:0]
}

// copyToPins puts what was read into the pinned pages, as the device would
// have: into the page object that was pinned, whatever became of it. One that
// has left its file's cache takes the data with it. The pages are marked dirty
// once more, because write-back may have cleaned them since they were pinned.
// off is where in the mapping the first of them is.
func (t *Task) copyToPins(off int64, data []byte) error {
	at := int(off % PageSize)
	for _, pin := range t.pins {
		if err := t.lockPage(pin.p); err != nil {
			return err
		}
		k := min(len(data), PageSize-at)
		if pin.p.mapping.Load() == pin.m {
			pin.m.setDirty(pin.p)
			mmu.Copy(pin.p.frame.Mem[at:], data[:k])
		}
		t.unlockPage(pin.p)
		data, at = data[k:], 0
	}
	return nil
}

// pin returns the page at off of the mapping with a reference, for IO that
// reads it (write unset) or writes it, and calls fn with it while it is
// locked. It is get_user_pages for one page: a translation that allows the
// access is enough, and needs no mmap_lock (gup-fast); else the fault handler
// is called, on this task, as the kernel's would be.
func (v *vma) pin(t *Task, off int64, write bool, fn func(p *Page)) (*Page, error) {
	idx := v.first + PageIndex(off/PageSize)
	p, err := v.follow(t, idx, write)
	if p == nil && err == nil {
		p, err = v.pinSlow(t, idx, write)
	}
	if err != nil {
		return nil, err
	}
	fn(p)
	t.unlockPage(p)
	return p, nil
}

// pinSlow returns a page that gup-fast did not find, locked and with a
// reference: mm/gup.c: __get_user_pages_locked. With faults disabled it takes
// mmap_lock all the same (FOLL_NOFAULT), to look once more.
func (v *vma) pinSlow(t *Task, idx PageIndex, write bool) (*Page, error) {
	if err := t.lockMM(sched.Shared); err != nil {
		return nil, err
	}
	defer t.unlockMM(sched.Shared)
	for {
		p, err := v.follow(t, idx, write)
		if p != nil || err != nil {
			return p, err
		}
		if t.nofault {
			return nil, ErrFault
		}
		p, err = v.fault(t, idx, v.accessOf(idx, write))
		if p != nil || err != nil {
			return p, err
		}
	}
}

// accessOf is the fault that an access to page idx raises now.
func (v *vma) accessOf(idx PageIndex, write bool) mmu.Access {
	present, _ := v.pt.Mapped(int64(idx - v.first))
	switch {
	case !write:
		return mmu.Read
	case present:
		return mmu.WriteProtect
	}
	return mmu.Write
}

// follow returns the page behind an existing translation, locked and with a
// reference, or nil: mm/gup.c: follow_page_mask.
func (v *vma) follow(t *Task, idx PageIndex, write bool) (*Page, error) {
	t.Yield(v.m.loc(idx), sched.KindRead)
	present, writable := v.pt.Mapped(int64(idx - v.first))
	if !present || (write && !writable) {
		return nil, nil
	}
	p := v.m.find(t, idx)
	if p == nil {
		return nil, nil
	}
	ok, err := v.m.lockIn(t, p)
	if !ok || err != nil {
		return nil, err
	}
	present, writable = v.pt.Mapped(int64(idx - v.first))
	if !present || (write && !writable) {
		t.release(v.m, p)
		return nil, nil
	}
	return p, nil
}
