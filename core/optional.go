package core

// Operations that a File may have beside those of every File. The models have
// all of these.
type (
	// Splicer is splice(2) into a pipe, read at once by its other end.
	Splicer interface {
		SpliceRead(t *Task, b Buffer, off int64) (int, error)
	}
	// Readaheader is readahead(2), which neither waits nor reports errors.
	Readaheader interface {
		Readahead(t *Task, off, n int64) error
	}
	// Reflinker is ioctl(FICLONERANGE): it makes n bytes at off what src holds
	// at srcOff. Offsets and n are in whole pages, and src is a file of the same
	// engine.
	Reflinker interface {
		Reflink(t *Task, off int64, src File, srcOff, n int64) error
	}
	// Flusher is what the kernel's flusher threads do to n bytes at off. Errors
	// are for the next Sync.
	Flusher interface {
		Writeback(t *Task, off, n int64) error
	}
)
