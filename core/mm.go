package core

import (
	"fmt"

	"cohbench/core/sched"
)

// MM is the address space of one or more tasks, as the kernel's struct
// mm_struct; what matters of it here is mmap_lock. Page faults take it shared,
// and hold it for as long as the fault handler waits for whatever it needs.
// get_user_pages takes it shared where a page is not there already (gup-fast
// takes nothing), and so inside whatever the direct IO holds. mmap and munmap
// take it exclusively; since it is fair, one that waits keeps new readers out.
// A task without an MM is in none: nothing is locked for it.
//
// Newer kernels handle faults under a lock of the VMA instead (Linux 6.4; for
// files 6.7). What is modelled is the older rule, which also stands for the
// newer one where munmap is of that very VMA: it then waits for the VMA's lock
// with mmap_lock held, and get_user_pages takes mmap_lock to this day. Faults
// of copies to anonymous memory are left out.
type MM struct {
	id   int
	lock RWSem
}

// NewMM makes an address space that locations tell apart by id, 0 to 65535.
func NewMM(id int) *MM {
	mm := &MM{id: id}
	*mm.lock.Object() = sched.Object{Name: "mmap_lock", Owner: mm, ID: uint64(mmLocs) + uint64(id)}
	return mm
}

// mmLocs is the location of the first mmap_lock; those of files are below.
const mmLocs = sched.Loc(0x33a9) << 48

// Reset frees the lock, and forgets who waits for it.
//
// Preconditions: nobody uses it.
func (mm *MM) Reset() { mm.lock.Reset() }

// String names the address space in reports.
func (mm *MM) String() string { return fmt.Sprintf("mm %d", mm.id) }

// NameLoc says what a location of this address space is, or false if it is
// none of its own.
func (mm *MM) NameLoc(loc sched.Loc) (string, bool) {
	if loc != mm.lock.Object().Loc() {
		return "", false
	}
	return mm.lock.Object().String(), true
}

// lockMM takes mmap_lock, if the task has one.
func (t *Task) lockMM(mode sched.Mode) error {
	if t.MM == nil {
		return nil
	}
	lock := t.MM.lock.DownWrite
	if mode == sched.Shared {
		lock = t.MM.lock.DownRead
	}
	if err := lock(t.Thread); err != nil {
		return err
	}
	t.Hold(t.MM.lock.Object(), mode)
	return nil
}

// unlockMM gives it back.
func (t *Task) unlockMM(mode sched.Mode) {
	if t.MM == nil {
		return
	}
	t.Release(t.MM.lock.Object(), mode)
	if mode == sched.Shared {
		t.MM.lock.UpRead(t.Thread)
	} else {
		t.MM.lock.UpWrite(t.Thread)
	}
}
