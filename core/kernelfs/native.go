package kernelfs

// Native is pages of a file as the kernel handles them, with nothing of ours
// around: what the cost of a model is put beside. Each method is one step in
// the life of pages, for a caller who has a clock. Offsets are bytes and mark
// the starts of pages. It is for one goroutine, and only reads the file.
//
// Pages that are more than a few apart are on their own: nothing is read
// ahead, and a fault maps the pages around its own only if they are cached.
type Native interface {
	// Touch loads a word from each page through a shared mapping. A page
	// without a translation faults; one that is not cached is read.
	Touch(offs []int64) error
	// Unmap takes the translations of the pages away; they stay cached:
	// madvise(MADV_DONTNEED).
	Unmap(offs []int64) error
	// Evict drops the pages, one by one: madvise(MADV_DONTNEED), then
	// posix_fadvise(POSIX_FADV_DONTNEED).
	Evict(offs []int64) error
	// Gone says which page is cached even so: mincore(2).
	Gone(offs []int64) error
	// Pin takes references to n pages from off on, as the direct IO of a buffer
	// does, and keeps them until Unpin: vmsplice(2) into a pipe, which is
	// get_user_pages_fast for pages that are mapped. n is at most MaxPin.
	Pin(off int64, n int) error
	Unpin() error
	Close() error
}

// MaxPin is how many pages a pipe takes unless it is told otherwise.
const MaxPin = 16
