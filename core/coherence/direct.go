package coherence

import (
	"cohbench/core"
	"cohbench/core/sched"
)

// blockThenDropInode is what a direct write of bcachefs takes: the inode lock
// exclusively, its count, and block while still holding the inode lock (so a
// direct writer that waits for block holds up every writer of the file). A
// write inside the file then drops the inode lock, so that direct writes
// overlap. A direct read takes nothing.
type blockThenDropInode struct{}

func (blockThenDropInode) BeginDirect(t *core.Task, m *core.AddressSpace, d *core.DirectIO) error {
	if !d.Write {
		return nil
	}
	if err := d.LockInode(t, m, sched.Exclusive); err != nil {
		return err
	}
	d.Count(t, m)
	if err := d.Block(t, m); err != nil {
		return err
	}
	if !d.Extending {
		d.UnlockInode(t, m)
	}
	return nil
}

// sharedInode is what direct IO of ext4 and XFS takes: the inode lock for the
// whole IO, shared unless the write extends the file, and its count.
type sharedInode struct{}

func (sharedInode) BeginDirect(t *core.Task, m *core.AddressSpace, d *core.DirectIO) error {
	if err := d.LockInode(t, m, sched.Shared); err != nil {
		return err
	}
	d.Count(t, m)
	return nil
}

// sharedInodeAndBlock is sharedInode, and a write blocks the cache as well.
type sharedInodeAndBlock struct{}

func (sharedInodeAndBlock) BeginDirect(t *core.Task, m *core.AddressSpace, d *core.DirectIO) error {
	if err := (sharedInode{}).BeginDirect(t, m, d); err != nil || !d.Write {
		return err
	}
	return d.Block(t, m)
}
