package prog

// Op is one operation.
type Op struct {
	Note
	Kind Kind
	File int
	Off  int64 // bytes; the whole file if Len is 0
	Len  int64 // bytes; for Truncate the new size
	// Buf is the memory of a read or write, and the source of a Reflink.
	Buf Buf
	// Reg names the register that takes the first word of a read; empty: none.
	Reg string
}

// Buf is the memory side of an operation. The zero value is anonymous memory.
type Buf struct {
	Mapped bool // memory of a mapping of File, from byte Off of the file on
	File   int
	Off    int64 // bytes
}

// Kind is what an operation does. Its values are those of the binary form.
type Kind uint8

// The kinds of operations.
const (
	Read        Kind = iota // buffered read, as pread(2)
	Write                   // buffered write, as pwrite(2)
	ReadDirect              // with O_DIRECT
	WriteDirect             // with O_DIRECT
	Load                    // one word of a mapping
	Store                   // one word of a mapping
	CopyOut                 // plain loads of a range of a mapping
	CopyIn                  // plain stores to a range of a mapping
	Truncate                // ftruncate(2)
	Punch                   // fallocate(2), FALLOC_FL_PUNCH_HOLE
	Zero                    // fallocate(2), FALLOC_FL_ZERO_RANGE
	Sync                    // fsync(2)
	Writeback               // the flusher: as Sync, but tells nobody of errors
	Evict                   // reclaim: drops what is clean and in nobody's use
	Readahead               // reads pages into the cache, for nobody yet
	Splice                  // splice(2): a read that shares the cache's pages
	Reflink                 // ioctl_ficlonerange(2), from Buf
	Map                     // mmap(2) of the whole file, after an Unmap
	Unmap                   // munmap(2)
	NumKinds    = iota
)

// shape is which parts an operation has besides its file.
type shape uint16

const (
	hasRange  shape = 1 << iota // a range; without it the operation is on the whole file
	hasWord                     // the range is one word
	wholeToo                    // the range may be left out
	hasSize                     // a size
	maySource                   // its memory may be a mapping, after "from"
	mayTarget                   // its memory may be a mapping, after "into"
	isClone                     // its source is a range of a file, after "from"
	loads                       // it reads, so it may set a register
	stores                      // it makes a range hold something else
	aligned                     // the range goes by sectors
	moves                       // it moves bytes between a range and memory
)

// kind is the word for a Kind, and its parts.
type kind struct {
	name  string
	shape shape
}

var kinds = [NumKinds]kind{
	Read:        {"read", hasRange | mayTarget | loads | moves},
	Write:       {"write", hasRange | maySource | stores | moves},
	ReadDirect:  {"dread", hasRange | mayTarget | loads | aligned | moves},
	WriteDirect: {"dwrite", hasRange | maySource | stores | aligned | moves},
	Load:        {"load", hasRange | hasWord | loads | moves},
	Store:       {"store", hasRange | hasWord | stores | moves},
	CopyOut:     {"copyout", hasRange | loads | moves},
	CopyIn:      {"copyin", hasRange | stores | moves},
	Truncate:    {"truncate", hasSize | stores},
	Punch:       {"punch", hasRange | stores},
	Zero:        {"zero", hasRange | stores},
	Sync:        {"sync", 0},
	Writeback:   {"writeback", hasRange | wholeToo},
	Evict:       {"evict", hasRange | wholeToo},
	Readahead:   {"readahead", hasRange | wholeToo},
	Splice:      {"splice", hasRange | loads | moves},
	Reflink:     {"reflink", hasRange | isClone | stores},
	Map:         {"map", 0},
	Unmap:       {"unmap", 0},
}

// String is the word for the kind in the text form.
func (k Kind) String() string {
	if int(k) < NumKinds {
		return kinds[k].name
	}
	return "op?"
}

func (k Kind) has(s shape) bool { return kinds[k].shape&s != 0 }

// Reads reports whether the operation returns data, and so may set a register.
func (k Kind) Reads() bool { return k.has(loads) }

// Writes reports whether the operation changes what a file holds: its data or,
// by making it shorter, its end.
func (k Kind) Writes() bool { return k.has(stores) }

// Moves reports whether the operation moves a range of bytes to or from memory.
func (k Kind) Moves() bool { return k.has(moves) }

// Sectors reports whether offset, length and memory go by sectors.
func (k Kind) Sectors() bool { return k.has(aligned) }
