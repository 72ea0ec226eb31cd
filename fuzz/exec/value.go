package exec

import "cohbench/fuzz/prog"

// Histories tell the writes of a cell apart by values: zero, one for each
// writer of the cell's own stamps, and, as copies bring the stamps of their
// source, one for each cell that is copied from.
const valueZero = 0

func ownValue(w writer) uint64 { return 1 + uint64(w) }

// copyValue stands for whatever a cell held when it was copied.
func copyValue(from place) uint64 {
	return 1<<63 | uint64(from.file)<<cellShift | uint64(from.cell)
}

// strangeValue is one that nobody wrote.
const strangeValue = 1<<64 - 1

// effect is what an operation does to a cell.
type effect struct {
	data  bool   // it writes value there
	zero  bool   // it writes zero there; with data, one of the two
	maybe bool   // or nothing
	value uint64 // of data
	at    int64  // bytes of its range before the cell
}

// effect is what s does to the cell at p.
func (l *plan) effect(s *step, p place) effect {
	target, off := s.target()
	if target == p.file && s.Kind.Moves() && p.cell >= off/cellSize && p.cell < (off+s.Len)/cellSize || s.Kind == prog.Reflink && s.File == p.file && s.covers(p.cell, s.Len) {
		return l.data(s, p, off)
	}
	if s.File != p.file {
		return effect{}
	}
	beyond := p.cell >= l.floor[p.file]
	switch s.Kind {
	case prog.Punch, prog.Zero:
		if s.covers(p.cell, s.Len) {
			return effect{zero: true, maybe: beyond, at: p.cell*cellSize - s.Off}
		}
	case prog.Truncate:
		if beyond {
			return effect{zero: true, maybe: p.cell < s.Len/cellSize}
		}
	case prog.Write, prog.WriteDirect, prog.Reflink:
		if beyond && p.cell < s.Off/cellSize { // it may have lain between the end and what was written
			return effect{zero: true, maybe: true}
		}
	}
	return effect{}
}

// target is where an operation that moves data puts it: file -1 for memory.
func (s *step) target() (file int, off int64) {
	switch {
	case s.Kind.Writes():
		return s.File, s.Off
	case s.Kind.Reads() && s.Buf.Mapped:
		return s.Buf.File, s.Buf.Off
	}
	return -1, 0
}

// data is the effect of moving data to the cell at p, from off of its file on.
func (l *plan) data(s *step, p place, off int64) effect {
	e := effect{data: true, at: p.cell*cellSize - off}
	if !s.Buf.Mapped {
		e.value = ownValue(s.writer())
		return e
	}
	from := s.source(p)
	e.value = copyValue(from)
	e.zero = l.mayBeZero(from, len(l.steps))
	return e
}

// source is the cell that a copy brings to p.
func (s *step) source(p place) place {
	if s.Kind.Writes() {
		return place{s.Buf.File, p.cell + (s.Buf.Off-s.Off)/cellSize}
	}
	return place{s.File, p.cell + (s.Off-s.Buf.Off)/cellSize}
}

// mayBeZero reports whether the cell at p may ever hold zero, looking through
// at most depth copies.
func (l *plan) mayBeZero(p place, depth int) bool {
	if p.cell >= l.floor[p.file] || depth == 0 {
		return true
	}
	if l.newCell(p).older == 0 {
		return true
	}
	for i := range l.steps {
		s := &l.steps[i]
		if from, ok := l.copiesTo(s, p); ok {
			if l.mayBeZero(from, depth-1) {
				return true
			}
		} else if l.effect(s, p).zero {
			return true
		}
	}
	return false
}

// copiesTo returns the cell that s copies to p, if it does.
func (l *plan) copiesTo(s *step, p place) (place, bool) {
	if !s.Buf.Mapped {
		return place{}, false
	}
	file, off := s.target()
	if file != p.file || p.cell < off/cellSize || p.cell >= (off+s.Len)/cellSize {
		return place{}, false
	}
	return s.source(p), true
}

// resolve is the value that a word found at p stands for. False: it may stand
// for several.
func (l *plan) resolve(p place, word uint64) (uint64, bool) {
	if word == 0 {
		return valueZero, true
	}
	at, w, ok := origin(word)
	if !ok {
		return strangeValue, true
	}
	value := uint64(strangeValue)
	if at == p {
		value = ownValue(w)
	}
	if !l.copies {
		return value, true
	}
	k := &l.known[(uint64(p.file)<<40^uint64(p.cell)^word)*0x9e3779b97f4a7c15>>(64-knownBits)]
	if !k.set || k.at != p || k.word != word {
		*k = knownWord{at: p, word: word, set: true}
		k.value, k.ok = l.trace(p, at, value)
	}
	return k.value, k.ok
}

// knownWord is what a word found at a place stands for. That depends on the
// program alone, and is asked again in each of its runs.
type knownWord struct {
	at          place
	word, value uint64
	ok, set     bool
}

// knownWords is how many of them are kept.
const (
	knownBits  = 8
	knownWords = 1 << knownBits
)

// trace is the value of a stamp that belongs to at and was found at p: its own,
// or that of a copy that may have brought it.
func (l *plan) trace(p, at place, value uint64) (uint64, bool) {
	for i := range l.steps {
		from, ok := l.copiesTo(&l.steps[i], p)
		if !ok || !l.mayCarry(from, at, len(l.steps)) || value == copyValue(from) {
			continue
		}
		if value != strangeValue {
			return 0, false
		}
		value = copyValue(from)
	}
	return value, true
}

// mayCarry reports whether the cell at p may hold a stamp that belongs to at.
func (l *plan) mayCarry(p, at place, depth int) bool {
	if p == at {
		return true
	}
	for i := range l.steps {
		if from, ok := l.copiesTo(&l.steps[i], p); ok && depth > 0 && l.mayCarry(from, at, depth-1) {
			return true
		}
	}
	return false
}

// value is what a word found at p is called. What a copy brought counts as
// written by the copy if there is one such operation.
func (l *plan) value(p place, word uint64) Value {
	v, ok := l.resolve(p, word)
	x := Value{Kind: ValueStrange, Word: word}
	switch {
	case !ok || v == strangeValue:
	case v == valueZero:
		x.Kind = ValueZero
	case v>>63 != 0:
		return l.copied(p, v, x)
	case v == ownValue(writerInit):
		x.Kind = ValueInit
	case v == ownValue(writerOlder):
		x.Kind = ValueOlder
	default:
		if id := int(v - ownValue(firstWriter)); id < len(l.steps) {
			x.Kind, x.Wrote = ValueWrote, l.ref(int32(id))
		}
	}
	return x
}

func (l *plan) copied(p place, value uint64, x Value) Value {
	for i := range l.steps {
		if from, ok := l.copiesTo(&l.steps[i], p); ok && copyValue(from) == value {
			if x.Kind == ValueWrote {
				x.Kind = ValueStrange
				break
			}
			x.Kind, x.Wrote = ValueWrote, l.ref(l.steps[i].id)
		}
	}
	return x
}
