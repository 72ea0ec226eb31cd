package oracle

import "sync/atomic"

// Cell is the size of a cell in bytes.
const Cell = 8

// MaxWriters is the largest id of a writer.
const MaxWriters = 1<<writerBits - 1

// Clock gives the ticks. The files of one case may share one; the zero value
// is ready. It does not tell time.
type Clock struct {
	_     [64]byte // every writer adds to it: keep others off its line
	ticks atomic.Uint64
	_     [56]byte
}

func (c *Clock) tick() uint64 { return c.ticks.Add(1) }

// now is the last tick taken: an operation that takes a tick later gets a
// larger one.
func (c *Clock) now() uint64 { return c.ticks.Load() }

// Config describes a file to New.
type Config struct {
	Name string // for violations; default "file"
	Size int64  // bytes: the largest extent that is ever written or read

	// Block is the grain of the fast path, in bytes: writes and reads of
	// whole blocks cost little, others a little per cell. A power of two from
	// 8 to 4096; 0 or anything larger is taken as 4096.
	Block int

	Writers int          // largest id of a writer, at most MaxWriters; 0 means MaxWriters
	Salt    uint16       // different for the files of one case, so that a value from another file is torn
	Clock   *Clock       // nil: the file gets its own
	Now     func() int64 // the clock, in ns, whose readings Writer.End is given; called only when something is stale. nil: no ages
}

// File is what the oracle knows about one data file. All of its cells start as
// zero, written before everything. It takes about 100 bytes per block and,
// from the first time that they are needed, 250 for a block that is read in
// parts, the size of the block again for one that is stored to or written in
// parts, the same for one in which a read saw a part of a write in flight, and
// twice that for one that was zeroed in parts.
type File struct {
	name    string
	size    int64
	shift   uint // log2 of the block size
	salt    uint16
	clock   *Clock
	clockNs func() int64
	blocks  []block
	writers []atomic.Pointer[Writer] // by id
}

// New makes the oracle of one file.
func New(cfg Config) *File {
	f := &File{name: cfg.Name, size: cfg.Size, shift: 12, salt: cfg.Salt, clock: cfg.Clock, clockNs: cfg.Now}
	if f.name == "" {
		f.name = "file"
	}
	if f.clock == nil {
		f.clock = new(Clock)
	}
	if n := cfg.Writers; n <= 0 || n > MaxWriters {
		cfg.Writers = MaxWriters
	}
	f.writers = make([]atomic.Pointer[Writer], cfg.Writers+1)
	if cfg.Block > 0 && cfg.Block < unitSize {
		f.shift = blockShift(cfg.Block)
	}
	f.blocks = make([]block, (cfg.Size+1<<f.shift-1)>>f.shift)
	return f
}

func blockShift(size int) uint {
	for s := uint(3); ; s++ {
		switch {
		case size == 1<<s:
			return s
		case size < 1<<s:
			panic("oracle: Config.Block is not a power of two from 8 up")
		}
	}
}

// Size is Config.Size.
func (f *File) Size() int64 { return f.size }

// Block is the size of a block in bytes, as it was taken.
func (f *File) Block() int { return 1 << f.shift }

// checkRange panics unless n bytes at off are whole cells inside the file.
func (f *File) checkRange(off, n int64) {
	if off|n|(f.size-off-n) < 0 {
		panic("oracle: range outside of the file")
	}
	if (off|n)%Cell != 0 {
		panic("oracle: range not in whole cells")
	}
}

// cells is the number of cells of a block.
func (f *File) cells() int { return 1 << f.shift / Cell }

// at is the block at off and which of its cells [lo, hi) a range of n bytes
// at off covers.
func (f *File) at(off, n int64) (b *block, lo, hi int) {
	lo = int(off&(1<<f.shift-1)) / Cell
	hi = min(f.cells(), lo+int(n/Cell))
	return &f.blocks[off>>f.shift], lo, hi
}

// next takes cells [lo, hi) off a range.
func next(off, n int64, lo, hi int) (int64, int64) {
	done := int64(hi-lo) * Cell
	return off + done, n - done
}
