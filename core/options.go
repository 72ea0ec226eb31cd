package core

import "cohbench/core/sched"

// Options are variants of the cache's own rules, for controls. The zero value
// is the right one.
type Options struct {
	// DirtyAfterCopy is the kernel's order in a buffered write: copy first,
	// mark dirty after. A direct read in between misses data that a buffered
	// read has already returned.
	DirtyAfterCopy bool
	// PinsBusy makes a pinned page fail invalidation with EBUSY. The kernel
	// ignores pins, and has to: with this set, one task holds a pin and waits
	// to add while another holds the block and spins on the pin.
	PinsBusy bool
	// InstallUnlocked unlocks the page once the policy's Fault has ended, and
	// installs the translation after that. In between the page may be
	// invalidated, and the mapping then keeps it for good.
	InstallUnlocked bool
	// InvalidateFirst has a direct write write back and invalidate before it
	// takes its locks, and not again under them.
	InvalidateFirst bool
	// KeepPinned has a direct write whose locks were dropped invalidate again
	// only what it has not pinned yet, and submit what it has.
	KeepPinned bool
	// MkwriteUnlocked leaves the policy's Mkwrite out. What keeps a page clean
	// between invalidation and the IO is then that no fault can find one.
	MkwriteUnlocked bool
	// ReadaheadWaits has readahead wait for the leave to add with its new pages
	// locked, as bcachefs did in Linux 6.7 to 6.16.
	ReadaheadWaits bool
	// MaxPin is how many pages of a mapped buffer a direct IO pins at once;
	// 0 means 256, the kernel's BIO_MAX_VECS. A policy that pins first pins the
	// whole buffer.
	MaxPin int
	// FileSystem is the one that the file is on, for policies which have to
	// know; nil: one of its own.
	FileSystem *FileSystem
}

// maxPin is the default, and the most, of Options.MaxPin.
const maxPin = 256

// under completes the options for a policy.
func (o Options) under(p *Policy) Options {
	if o.MaxPin <= 0 || o.MaxPin > maxPin {
		o.MaxPin = maxPin
	}
	if o.FileSystem == nil && p.FileSystem != nil {
		o.FileSystem = p.FileSystem()
	}
	return o
}

// installUnlocked is install under InstallUnlocked. It locks the page again for
// the caller.
func (v *vma) installUnlocked(t *Task, p *Page, write bool) error {
	t.unlockPage(p)
	t.Yield(p.loc(), sched.KindWrite)
	err := v.pt.Install(int64(p.index-v.first), p.frame, write)
	if err == nil {
		err = t.lockPage(p)
	}
	if err != nil {
		t.put(v.m, p)
	}
	return err
}
