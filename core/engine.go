package core

import (
	"errors"

	"cohbench/core/disk"
)

// PageSize is the unit of caching: bytes per page. It does not follow the
// host's page size, so that results from different machines compare.
const PageSize = 4096

// Errors of the operations of a File.
var (
	// ErrFault is EFAULT: a page of a direct IO's buffer could not be
	// pinned, because it lies in the mapping that this IO holds blocked and
	// is not resident and uptodate.
	ErrFault = errors.New("bad address (EFAULT)")
	// ErrBeyondEOF is SIGBUS: an access to a page of a mapping that lies
	// wholly beyond the end of the file.
	ErrBeyondEOF = errors.New("access beyond end of file (SIGBUS)")
	// ErrIO is EIO: a page could not be read or written back, or a direct
	// write could not shoot down the pages it had made stale.
	ErrIO = errors.New("input/output error (EIO)")
	// ErrAlign is EINVAL: an offset, length or buffer of a direct IO is not
	// aligned as the backing store asks.
	ErrAlign = disk.ErrAlign
)

// UnsupportedError says that an engine, or the machine, lacks a feature. It Is
// errors.ErrUnsupported.
type UnsupportedError = disk.UnsupportedError

// Claims says what an engine promises. The oracle holds an engine to them; a
// control claims nothing and must be caught.
type Claims struct {
	Coherent     bool // never stale, lost, inverted, flipped or incoherent
	DeadlockFree bool // no schedule of supported operations blocks for ever
}

// Buffer is the memory side of an IO: Mem, or, when Map is set, the Len bytes
// at Off of a mapping. For direct IO, Mem must be aligned as the file's Align
// says, and Off and Len likewise.
type Buffer struct {
	Mem []byte

	Map Mapping
	Off int64 // bytes from the start of Map
	Len int   // bytes; only with Map
}

// Size is the length of the buffer in bytes.
func (b Buffer) Size() int {
	if b.Map != nil {
		return b.Len
	}
	return len(b.Mem)
}

// A File is one open file of an engine. Its methods may be called by many
// tasks at once, each task by one goroutine. A method that moved fewer bytes
// than asked returns an error that says why, with one exception: a read that
// meets the end of the file returns what there was and no error.
type File interface {
	// ReadAt is a buffered read, as pread(2).
	ReadAt(t *Task, b Buffer, off int64) (int, error)
	// WriteAt is a buffered write, as pwrite(2). It extends the file.
	WriteAt(t *Task, b Buffer, off int64) (int, error)
	// ReadDirect and WriteDirect are pread and pwrite with O_DIRECT.
	ReadDirect(t *Task, b Buffer, off int64) (int, error)
	WriteDirect(t *Task, b Buffer, off int64) (int, error)
	// Map is mmap(2), MAP_SHARED, of length bytes at off; both in whole pages.
	// The mapping may reach beyond the end of the file, as the kernel's may.
	Map(t *Task, off, length int64) (Mapping, error)
	// Truncate sets the size in bytes, as ftruncate(2).
	Truncate(t *Task, size int64) error
	// PunchHole makes n bytes at off read as zeros, as fallocate(2) with
	// FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE.
	PunchHole(t *Task, off, n int64) error
	// Sync is fsync(2): it writes back what is dirty, and reports, once, an
	// error that happened since the last Sync.
	Sync(t *Task) error
	// Evict drops cached pages of n bytes at off which are clean and in
	// nobody's use, as reclaim would. It promises nothing.
	Evict(t *Task, off, n int64) error
	// Size is the length of the file in bytes.
	Size() int64
	// Close drops the cache after writing it back.
	Close(t *Task) error
}

// A ZeroRanger is a File with fallocate(2)'s FALLOC_FL_ZERO_RANGE: n bytes at
// off read as zeros, and their blocks stay the file's.
type ZeroRanger interface {
	ZeroRange(t *Task, off, n int64) error
}

// A Preallocator is a File that can reserve blocks and leave them unwritten:
// fallocate(2) of the n bytes at off. What was data stays data.
type Preallocator interface {
	Preallocate(t *Task, off, n int64) error
}

// A MappingSyncer is a Mapping with msync(2), MS_SYNC: it writes back what is
// dirty in n bytes at off, in whole pages, and reports an error as a Sync does.
type MappingSyncer interface {
	Msync(t *Task, off, n int64) error
}

// A FallbackCounter is a File that can find out how many of its direct writes
// became buffered ones, where the system does not say so by itself. (A model
// counts its own, in TaskStats.)
type FallbackCounter interface {
	// CountFallbacks begins to count; Close ends it. An error that Is
	// errors.ErrUnsupported says why that cannot be done.
	CountFallbacks() error
	// Fallbacks is the count so far. It is exact while no direct write is
	// under way. It, too, may find that there is nothing to count by.
	Fallbacks() (int64, error)
}

// A Mapping is a shared mapping of a file. Offsets are bytes from its start.
// An access to a page beyond the end of the file is ErrBeyondEOF.
type Mapping interface {
	// Load and Store access one aligned 8-byte word, single-copy atomic.
	Load(t *Task, off int64) (uint64, error)
	Store(t *Task, off int64, v uint64) error
	// ReadAt and WriteAt copy len(p) bytes out of and into the mapping with
	// plain accesses: each 8-byte word is atomic, the whole is not.
	ReadAt(t *Task, p []byte, off int64) (int, error)
	WriteAt(t *Task, p []byte, off int64) (int, error)
	// Unmap removes the mapping.
	Unmap(t *Task) error
}
