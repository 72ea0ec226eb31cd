package core

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/sched"
)

// FileSystem is what the files of one file system share: a table in which its
// tasks leave word of the files they hold blocked. It is bcachefs' struct
// fdm_hash (fs/vfs/fdm.h), which stands in for the field of the task since
// Linux 7.0: a cuckoo hash without a lock, since each task only writes and
// removes its own entry.
//
// Its two gaps are kept. An entry is made by looking for a free slot and then
// storing into it, so two tasks may find the same one. And who finds no free
// slot waits for one, with its file blocked.
type FileSystem struct {
	id    int
	slots []fdmSlot
	wait  sched.WaitQueue
	obj   sched.Object
}

// fdmSlot is valid for the task that is in it.
type fdmSlot struct {
	task    atomic.Pointer[Task]
	mapping atomic.Pointer[AddressSpace]
	dropped atomic.Bool // the low bit of mapping
}

const (
	fdmHashes = 3 // slots that a task may use
	// FDMSlots is the size of bcachefs' table.
	FDMSlots = 512
	fsLocs   = sched.Loc(0xf5) << 48
	fsShift  = 16
)

// NewFileSystem makes a file system with a table of that many slots, at least
// one, which locations tell apart by id, 0 to 65535.
func NewFileSystem(id, slots int) *FileSystem {
	fs := &FileSystem{id: id, slots: make([]fdmSlot, max(1, slots))}
	fs.obj = sched.Object{Name: "free slot", Owner: fs, ID: uint64(fs.loc(0)) + uint64(len(fs.slots))}
	return fs
}

func (fs *FileSystem) loc(slot int) sched.Loc {
	return fsLocs + sched.Loc(fs.id)<<fsShift + sched.Loc(slot)
}

// Reset empties the table.
//
// Preconditions: nobody uses it.
func (fs *FileSystem) Reset() {
	for i := range fs.slots {
		if fs.slots[i].task.Load() != nil {
			fs.slots[i].task.Store(nil)
		}
	}
	fs.wait = sched.WaitQueue{}
}

// String names the file system in reports.
func (fs *FileSystem) String() string { return fmt.Sprintf("file system %d", fs.id) }

// NameLoc says what a location of this file system is, or false if it is none
// of its own.
func (fs *FileSystem) NameLoc(loc sched.Loc) (string, bool) {
	n := int(loc - fs.loc(0))
	if loc < fs.loc(0) || n > len(fs.slots) {
		return "", false
	}
	if n == len(fs.slots) {
		return fs.obj.String(), true
	}
	return fmt.Sprintf("slot %d of %s", n, fs), true
}

// fdmSeeds make the hash functions differ. The kernel draws them at random.
var fdmSeeds = [fdmHashes]uint64{0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9}

// hash is the i-th slot that t may use.
func (fs *FileSystem) hash(t *Task, i int) int {
	h := (uint64(t.ID) + 1) * fdmSeeds[i]
	return int((h ^ h>>32) % uint64(len(fs.slots)))
}

// find returns the first slot of t's which holds whom, nil for nobody, or -1.
func (fs *FileSystem) find(t, whom *Task) int {
	for i := range fdmHashes {
		h := fs.hash(t, i)
		t.Yield(fs.loc(h), sched.KindRead)
		if fs.slots[h].task.Load() == whom {
			return h
		}
	}
	return -1
}

// set is fdm_set.
func (fs *FileSystem) set(t *Task, m *AddressSpace) error {
	h, err := fs.free(t)
	if err != nil {
		return err
	}
	s := &fs.slots[h]
	t.Yield(fs.loc(h), sched.KindWrite)
	s.mapping.Store(m)
	s.dropped.Store(false)
	t.Yield(fs.loc(h), sched.KindWrite)
	s.task.Store(t)
	return nil
}

// free finds a free slot, and waits for one if there is none.
func (fs *FileSystem) free(t *Task) (int, error) {
	for {
		if h := fs.find(t, nil); h >= 0 {
			fs.wait.Finish(t.Thread)
			return h, nil
		}
		fs.wait.Prepare(t.Thread)
		if h := fs.find(t, nil); h >= 0 {
			fs.wait.Finish(t.Thread)
			return h, nil
		}
		if err := fs.wait.Sleep(t.Thread, &fs.obj, sched.Exclusive); err != nil {
			fs.wait.Finish(t.Thread)
			return 0, err
		}
	}
}

// clear is fdm_dropped_locks and fdm_clear.
func (fs *FileSystem) clear(t *Task) (dropped bool) {
	h := fs.find(t, t)
	if h < 0 {
		return false // lost
	}
	s := &fs.slots[h]
	dropped = s.dropped.Load()
	t.Yield(fs.loc(h), sched.KindWrite)
	s.task.Store(nil)
	fs.wait.WakeAll(t.Thread)
	return dropped
}

// InFileSystem keeps the word in the FileSystem of the file that is asked
// about, so a handler does not learn of a file on another one.
type InFileSystem struct{}

// Set implements TaskContext.
func (InFileSystem) Set(t *Task, m *AddressSpace) error { return m.opts.FileSystem.set(t, m) }

// Of implements TaskContext.
func (InFileSystem) Of(t *Task, m *AddressSpace) *AddressSpace {
	fs := m.opts.FileSystem
	if h := fs.find(t, t); h >= 0 {
		return fs.slots[h].mapping.Load()
	}
	return nil
}

// SetDropped implements TaskContext.
func (InFileSystem) SetDropped(t *Task, m *AddressSpace) {
	fs := m.opts.FileSystem
	if h := fs.find(t, t); h >= 0 {
		t.Yield(fs.loc(h), sched.KindWrite)
		fs.slots[h].dropped.Store(true)
	}
}

// Clear implements TaskContext.
func (InFileSystem) Clear(t *Task, m *AddressSpace) bool { return m.opts.FileSystem.clear(t) }
