package exec

// A word of a file says where it belongs and who wrote it:
//
//	63      48 47    44 43          24 23       0
//	  magic      file       cell         writer
//
// So a value that turns up elsewhere tells whence it was copied.
const (
	stampMagic = 0xc0b5 << 48
	fileShift  = 44
	cellShift  = 24
	writerMask = 1<<cellShift - 1
	cellMask   = 1<<(fileShift-cellShift) - 1

	cellSize = 8 // bytes
)

// writer is who wrote a word: an operation of the program, by its number from
// firstWriter on, or one of these.
type writer uint32

const (
	writerInit  writer = iota // the file held it before the tasks began
	writerOlder               // the disk held it under a dirty page
	firstWriter
)

func stamp(file int, cell int64, w writer) uint64 {
	return stampMagic | uint64(file)<<fileShift | uint64(cell)<<cellShift | uint64(w)
}

// place is a cell of a file.
type place struct {
	file int
	cell int64
}

// origin takes a stamp to pieces; false if the word is none.
func origin(word uint64) (place, writer, bool) {
	if word&(0xffff<<48) != stampMagic {
		return place{}, 0, false
	}
	return place{int(word >> fileShift & 15), int64(word >> cellShift & cellMask)}, writer(word & writerMask), true
}
