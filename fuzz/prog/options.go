package prog

// Options are variants of the model under which a program runs. The zero value
// is the right model.
type Options struct {
	Note
	Set    Option
	MaxPin int // pages of a mapped buffer that a direct IO pins at once; 0: the default
	Slots  int // of each file system's table of tasks, for the policy that has one; 0: the default
	// StarveAfter is how many times others join who has the other side of a
	// pagecache lock, while a task sleeps for it, before that is starved; 0:
	// DefaultStarveAfter.
	StarveAfter int
}

// DefaultStarveAfter is more than any queue lets ahead of a task in a program of
// few tasks.
const DefaultStarveAfter = 3

// Option is a set of variants.
type Option uint32

// The variants: each breaks one rule of the cache, or adds something to the
// model. Package core says what they mean.
const (
	DirtyAfterCopy  Option = 1 << iota // a buffered write marks the page dirty after its copy
	PinsBusy                           // a pinned page cannot be invalidated
	InstallUnlocked                    // a fault unlocks the page before it installs the translation
	InvalidateFirst                    // a direct write invalidates before it takes its locks
	KeepPinned                         // what was pinned when locks were dropped is not invalidated again
	MkwriteUnlocked                    // making a page writable takes no lock of the policy
	ReadaheadWaits                     // readahead waits for its leave to add, with pages locked
	MmapLock                           // page faults and pins take mmap_lock
	Sectors                            // disks move sector by sector, even if all direct IO is in whole pages
	numOptions      = iota
)

var optionNames = [numOptions]string{"dirty-after-copy", "pins-busy", "install-unlocked", "invalidate-first",
	"keep-pinned", "mkwrite-unlocked", "readahead-waits", "mmap-lock", "sectors"}

// Has reports whether all of o are set.
func (s Options) Has(o Option) bool { return s.Set&o == o }
