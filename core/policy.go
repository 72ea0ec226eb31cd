package core

// A Policy is a coherence policy: what is locked when between filling the
// page cache and shooting it down for direct IO. The IO paths are written
// once and call the policy's hooks, so two policies differ by what stands in
// their two values and by nothing else.
type Policy struct {
	Name string
	// Doc says what the policy locks, which window that closes, and which it
	// leaves open.
	Doc    string
	Claims Claims

	// Lock makes the lock that each file has between adding pages and direct
	// IO, truncate or punch; nil for none.
	Lock func() PagecacheLock
	// Hooks says at which extent it is held.
	Hooks Hooks

	// Before says what a direct write does about cached pages of its range
	// before the IO.
	Before Invalidation
	// After is set when the range is invalidated again after the IO. If that
	// fails, the data is written and the file has an error that the next Sync
	// reports (EIO).
	After bool
	// Pin says how a direct write gets hold of a buffer that is a mapping.
	Pin Pinning
	// Context is where a direct write leaves word of the file that it holds
	// blocked, so that the fault handler can break the recursion; nil for
	// nowhere.
	Context TaskContext
	// FileSystem makes what files of one file system share, for a Context that
	// needs it; nil for nothing.
	FileSystem func() *FileSystem
	// BlockThenDrain is set when a reflink blocks both caches before it waits
	// for direct IO in flight, as bcachefs does (bch2_remap_file_range);
	// everything else waits first.
	BlockThenDrain bool
	// FlushReads is set when direct reads write dirty pages back first.
	FlushReads bool
}

// Invalidation is what a direct write does to the cache before the IO.
type Invalidation uint8

// The kinds of invalidation before a direct write.
const (
	// InvalidateNever leaves the cache alone.
	InvalidateNever Invalidation = iota
	// InvalidateOnce writes back and invalidates once. On EBUSY this one
	// write becomes a buffered one (iomap's -ENOTBLK).
	InvalidateOnce
	// InvalidateLoop repeats both until nothing is left. It must be called
	// with the cache blocked, and can spin while somebody keeps redirtying.
	InvalidateLoop
)

// Pinning is how a direct write gets hold of its buffer.
type Pinning uint8

// The kinds of pinning.
const (
	// PinUnderLock pins chunk by chunk under the locks of the write, and page
	// faults are handled there.
	PinUnderLock Pinning = iota
	// PinFirst pins the whole buffer before any lock is taken.
	PinFirst
	// PinNoFault pins under the locks with page faults disabled. Where a page
	// is missing the locks are let go of, the buffer is faulted in, and the
	// write goes on; without progress it becomes a buffered one.
	PinNoFault
)

// Hooks are the brackets of a policy. Each Begin that returned nil is followed
// by its End on the same task; a Begin fails only when the case is cancelled,
// or where it says so.
type Hooks interface {
	// Buffered brackets a whole buffered read or write, its copy and the page
	// faults of that copy included. A write holds the inode lock outside it.
	BeginBuffered(t *Task, m *AddressSpace) error
	EndBuffered(t *Task, m *AddressSpace)
	// Fill brackets the creation of a page in the cache, or the reading of one.
	// It may return ErrFault to a task that pins a buffer.
	BeginFill(t *Task, m *AddressSpace) error
	EndFill(t *Task, m *AddressSpace)
	// Fault brackets the handling of a page fault until the page is locked and
	// uptodate. It may return ErrFault to a task that pins a buffer.
	BeginFault(t *Task, m *AddressSpace) error
	EndFault(t *Task, m *AddressSpace)
	// Mkwrite brackets the marking of a page as dirty for a mapping.
	BeginMkwrite(t *Task, m *AddressSpace) error
	EndMkwrite(t *Task, m *AddressSpace)
	// Readahead brackets the filling of pages that readahead has put into the
	// cache and holds locked. BeginReadahead says whether they may be filled;
	// if not, they are taken out again, and EndReadahead is not called.
	BeginReadahead(t *Task, m *AddressSpace) (bool, error)
	EndReadahead(t *Task, m *AddressSpace)
	// Truncate brackets the removal of pages by truncate and punch, inside the
	// inode lock and with no direct IO in flight.
	BeginTruncate(t *Task, m *AddressSpace) error
	EndTruncate(t *Task, m *AddressSpace)
	// Direct takes what a direct IO holds: the inode lock, the count of direct
	// IO in flight, the pagecache lock. It does so through d, which remembers
	// and releases it all, also after a failure.
	BeginDirect(t *Task, m *AddressSpace, d *DirectIO) error
}
