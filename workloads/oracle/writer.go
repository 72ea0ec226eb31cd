package oracle

// Writer stamps the writes of one task to one file. It has one write in flight
// at a time and belongs to one goroutine.
type Writer struct {
	f  *File
	id int
}

// Writer returns the writer with the given id, 1 to Config.Writers; the same
// one each time.
func (f *File) Writer(id int) *Writer { return &Writer{f: f, id: id} }

// Begin opens a write of n bytes at off, before the data is touched.
//
// Preconditions: off and n are multiples of 8, the range is inside the file,
// no write is open.
func (w *Writer) Begin(off, n int64) {}

// BeginZero opens an operation that makes n bytes at off read as zeros: a
// punch, the tail that truncate cuts off, the range by which a file grows.
// Preconditions as for Begin.
func (w *Writer) BeginZero(off, n int64) {}

// Fill puts the stamps of the open write for the cells at off into p, whose
// length is a multiple of 8. It may fill any part of the range in any order.
func (w *Writer) Fill(p []byte, off int64) {}

// Word is the stamp of the open write for the cell at off.
func (w *Writer) Word(off int64) uint64 { return 0 }

// End closes the open write, which has returned and was done wholly. now is
// the time at which it returned, by the clock of Config.Now; 0 if not known.
func (w *Writer) End(now int64) {}

// Fail closes the open write, which has returned and failed or was short. What
// it left behind is legal until something newer is complete; nothing is older
// than it.
func (w *Writer) Fail() {}
