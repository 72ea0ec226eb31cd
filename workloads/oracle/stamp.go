package oracle

import "encoding/binary"

// A stamp is hash<<48 | writer<<38 | sequence. Writers and sequences start at
// 1, so that no stamp is zero. The hash is the exclusive-or of three: of file
// and unit of 4096 bytes, of the write (so that a mixture of two stamps is
// torn), and of the cell in its unit, which is the same for all units. So what
// is left of a word when unitHash is taken away is one constant for all the
// cells of a unit that a write covered.
const (
	seqBits    = 38
	writerBits = 10
	hashShift  = writerBits + seqBits

	unitSize = 4096 // bytes; the largest block
	maxSeq   = 1<<seqBits - 1
)

// id is the part of a stamp that names a write. Zero, which names none, stands
// for a word that is zero.
type id uint64

func makeID(writer int, seq uint64) id { return id(writer)<<seqBits | id(seq) }

func idOf(word uint64) id { return id(word & (1<<hashShift - 1)) }

// base is the stamp of a write but for the hashes of unit and cell.
func (i id) base() uint64 {
	return uint64(i)*0x9E3779B97F4A7C15>>hashShift<<hashShift | uint64(i)
}

func (i id) writer() int { return int(i >> seqBits) }
func (i id) seq() uint64 { return uint64(i & maxSeq) }

// cellHash is the cell's share of the hash at off; no two cells of a unit have
// the same.
func cellHash(off int64) uint64 {
	const odd = 0x9E37
	return uint64(off) % unitSize / Cell * (odd << hashShift)
}

// unitHash holds cellHash for a whole unit, zeroUnit nothing but zeros.
var (
	unitHash = makeUnitHash()
	zeroUnit [unitSize]byte
)

func makeUnitHash() (t [unitSize]byte) {
	for off := 0; off < unitSize; off += Cell {
		binary.NativeEndian.PutUint64(t[off:], cellHash(int64(off)))
	}
	return t
}

// unitKey is the unit's share of the hash, in place. Units less than 65536
// apart, and files with different salts, never have the same.
func (f *File) unitKey(off int64) uint64 {
	u := uint64(off) / unitSize
	return uint64(mix16(uint16(u))^mix16(^mix16(uint16(u>>16)))^f.salt) << hashShift
}

// mix16 is a bijection.
func mix16(x uint16) uint16 {
	x ^= x >> 7
	x *= 0x6A35
	x ^= x >> 9
	x *= 0xB1E5
	return x ^ x>>8
}

func word(p []byte) uint64 { return binary.NativeEndian.Uint64(p) }

// fillUnit writes base with each cell's hash into p, whose first cell's hash
// is at hashes[0].
func fillUnit(p, hashes []byte, base uint64) {
	hashes = hashes[:len(p)]
	for len(p) >= 4*Cell && len(hashes) >= 4*Cell {
		binary.NativeEndian.PutUint64(p, word(hashes)^base)
		binary.NativeEndian.PutUint64(p[8:], word(hashes[8:])^base)
		binary.NativeEndian.PutUint64(p[16:], word(hashes[16:])^base)
		binary.NativeEndian.PutUint64(p[24:], word(hashes[24:])^base)
		p, hashes = p[4*Cell:], hashes[4*Cell:]
	}
	for len(p) >= Cell && len(hashes) >= Cell {
		binary.NativeEndian.PutUint64(p, word(hashes)^base)
		p, hashes = p[Cell:], hashes[Cell:]
	}
}
