// Package disk is the backing store under the page cache: a real file opened
// with O_DIRECT ([File]), memory for tests and exploration ([Memory]), and a
// wrapper that makes either of them fail on purpose ([Faulty]).
//
// Invariant: no store caches on the quiet. A [File] reaches the device or says
// in its [Probe] that the file system buffers it; a directory that has no
// O_DIRECT at all is refused, never opened without it.
//
// Every store may be used by many threads at once. Two operations on the same
// bytes at the same time leave each sector (512 bytes) as one of them, in any
// order; nothing else is promised, as with a disk. Nothing here takes a lock
// across an operation, so there is no lock order to keep.
package disk

import (
	"errors"
	"fmt"
	"unsafe"

	"cohbench/core/sched"
)

// SectorSize is the unit, in bytes, that a disk writes at once.
const SectorSize = 512

// A Disk is one backing file. Offsets and lengths are bytes; for ReadAt and
// WriteAt both, and the address of p, are multiples of what Align says, else
// the error Is ErrAlign.
type Disk interface {
	// ReadAt fills p from off, or returns an error. Bytes beyond the end read
	// as zeros.
	ReadAt(t *sched.Thread, p []byte, off int64) error
	// WriteAt writes p at off and grows the file where needed. n < len(p)
	// comes only with an error.
	WriteAt(t *sched.Thread, p []byte, off int64) (n int, err error)
	// Truncate sets the size; what is added reads as zeros.
	Truncate(t *sched.Thread, size int64) error
	// PunchHole makes n bytes at off read as zeros and keeps the size. Bytes
	// beyond the end are left out.
	PunchHole(t *sched.Thread, off, n int64) error
	// Sync returns when what was written is on stable storage: fdatasync(2).
	Sync(t *sched.Thread) error
	// Size is the length of the file in bytes.
	Size() int64
	// Align is what ReadAt and WriteAt ask of their arguments.
	Align() Align
	// Close ends the use of the store. It does not remove a file.
	Close() error
}

// Align is the alignment, in bytes, that direct IO asks for.
type Align struct {
	Mem    int    `json:"mem"`    // of the buffer's address
	Offset int    `json:"offset"` // of the file offset and the length
	Source string `json:"source"` // how it is known: "statx", "assumed", "memory"
}

// String prints the alignment with its source.
func (a Align) String() string {
	return fmt.Sprintf("memory %d, offset %d bytes (%s)", a.Mem, a.Offset, a.Source)
}

// check refuses an operation that direct IO may refuse. Some kernels take less
// than they ask for; what works here should work there.
func (a Align) check(op string, off int64, p []byte) error {
	addr := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	switch {
	case off < 0 || off%int64(a.Offset) != 0 || len(p)%a.Offset != 0:
		return fmt.Errorf("%s [%#x, %#x): %w: offset and length want %d bytes", op, off, off+int64(len(p)), ErrAlign, a.Offset)
	case addr%uintptr(a.Mem) != 0:
		return fmt.Errorf("%s [%#x, %#x): %w: the buffer wants %d bytes", op, off, off+int64(len(p)), ErrAlign, a.Mem)
	}
	return nil
}

// ErrAlign is EINVAL: an offset, a length or a buffer is not aligned.
var ErrAlign = errors.New("not aligned for direct IO (EINVAL)")

// ErrInjected is what a [Faulty] returns unless a rule names its own error.
var ErrInjected = errors.New("input/output error (injected)")

// UnsupportedError says that a directory, or this machine, lacks a feature. It
// Is errors.ErrUnsupported.
type UnsupportedError struct {
	Feature string // what was asked for
	Why     string // why it cannot be had
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s: not supported: %s", e.Feature, e.Why)
}

// Is makes errors.Is(err, errors.ErrUnsupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }

// A SetupError says that a backing file could not be had: an affair of the
// environment, not of what is measured.
type SetupError struct {
	Op   string // what was tried
	Path string // on what
	Err  error  // why it failed
	Hint string // what to do; may be empty
}

func (e *SetupError) Error() string { return e.Op + " " + e.Path + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *SetupError) Unwrap() error { return e.Err }
