package oracle

// Reader checks the reads of one task of one file. It has one read in flight
// at a time and belongs to one goroutine.
type Reader struct {
	Counts     Counts
	Violations []Violation // the first few, in order

	f *File
}

// Reader returns a new reader.
func (f *File) Reader() *Reader { return &Reader{f: f} }

// Begin opens a read of n bytes at off, before the data is touched.
//
// Preconditions: off and n are multiples of 8, the range is inside the file.
func (r *Reader) Begin(off, n int64) {}

// Check judges p, which the open read returned from its offset on, and closes
// the read. p may be shorter than was asked for; bytes at its end that are no
// whole cell are not judged.
func (r *Reader) Check(p []byte) Verdict { return 0 }

// CheckWord is Check for a read of one cell.
func (r *Reader) CheckWord(v uint64) Verdict { return 0 }

// Cancel closes the open read, which failed.
func (r *Reader) Cancel() {}

// Views is what the views of one range showed at quiesce. A view that was not
// taken is nil; the others have the same length, a multiple of 8.
type Views struct {
	Direct, Buffered, Mapped []byte

	// SyncFailed: some Sync since the last quiesce returned an error, so that
	// a loss was not silent.
	SyncFailed bool
}

// Final judges the range at off at quiesce: all writes have ended, everything
// is synced, the cache is dropped. A cell is lost if what the most durable
// view (direct, else buffered, else mapped) shows is stale, and incoherent if
// two views differ. A lost block stays lost: write it anew before going on, or
// the next check finds it again.
func (r *Reader) Final(off int64, v Views) Verdict { return 0 }
