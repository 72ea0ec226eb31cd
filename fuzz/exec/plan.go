package exec

import (
	"encoding/binary"
	"slices"

	"cohbench/core/disk"
	"cohbench/fuzz/prog"
)

// plan is a program made ready to run many times: its operations in a row, the
// memory of each, and the cells that are looked at.
type plan struct {
	p     *prog.Program
	steps []step   // task by task
	tasks [][]step // the parts of steps
	span  []int64  // by file: bytes that any operation can reach, in whole pages
	floor []int64  // by file: cells below this one never lie beyond the end
	cells []cell
	regs  []string

	mapped [prog.MaxTasks * prog.MaxFiles]bool // by address space and file: pages of it may be mapped
	remaps bool                                // mappings come and go
	copies bool                                // the memory of some operation is a mapping
	fine   bool                                // look at every sector
	sought prog.Violation                      // of prog.Contention
	views  [2][]byte                           // of a file, at the end

	known [knownWords]knownWord // what words stand for, with copies

	bounds [][]int64 // by file: cells at which something begins or ends
	pool   [][]byte  // memory of steps, by their number
}

// step is an operation of the program as it is run.
type step struct {
	*prog.Op
	id   int32 // its place in plan.steps
	task int
	reg  int    // the register it sets; -1: none
	mem  []byte // anonymous memory: what it writes, or has read
	word uint64 // what it has loaded, or stores

	start, end int64 // ticks; end 0: it has not returned
	n          int64 // bytes moved
	err        error
}

// cell is one cell of a file, which stands for those behind it up to the next:
// every operation treats them alike.
type cell struct {
	place
	init  uint64 // what the file holds there before the tasks begin
	older uint64 // what the disk holds there then
	// What was there at the end.
	final  uint64
	exists bool // it does not lie beyond the end
}

// load makes p ready.
func (l *plan) load(p *prog.Program) {
	l.p = p
	l.known = [knownWords]knownWord{}
	l.sought = p.Seeks() & prog.Contention
	l.number()
	l.measure()
	l.findUses()
	l.findBounds()
	l.cells = l.cells[:0]
	for f := range p.Files {
		for _, c := range l.bounds[f] {
			l.cells = append(l.cells, l.newCell(place{f, c}))
		}
	}
	for i := range l.steps {
		l.allocate(&l.steps[i])
	}
}

// number lists the operations.
func (l *plan) number() {
	l.steps, l.tasks, l.regs = l.steps[:0], l.tasks[:0], l.regs[:0]
	n := 0
	for i := range l.p.Tasks {
		n += len(l.p.Tasks[i].Ops)
	}
	l.steps = slices.Grow(l.steps, n) // the parts must stay where they are
	for i := range l.p.Tasks {
		from := len(l.steps)
		ops := l.p.Tasks[i].Ops
		for j := range ops {
			s := step{Op: &ops[j], id: int32(len(l.steps)), task: i, reg: -1}
			if s.Reg != "" {
				s.reg = len(l.regs)
				l.regs = append(l.regs, s.Reg)
			}
			l.steps = append(l.steps, s)
		}
		l.tasks = append(l.tasks, l.steps[from:len(l.steps):len(l.steps)])
	}
}

// measure finds how far operations reach, and how short the files can get.
func (l *plan) measure() {
	l.span, l.floor = l.span[:0], l.floor[:0]
	for i := range l.p.Files {
		l.span = append(l.span, l.p.Files[i].Size)
		l.floor = append(l.floor, l.p.Files[i].Size/cellSize)
	}
	for i := range l.steps {
		s := &l.steps[i]
		if s.Kind == prog.Truncate {
			l.floor[s.File] = min(l.floor[s.File], s.Len/cellSize)
		}
		l.span[s.File] = max(l.span[s.File], s.Off+s.Len)
		if s.Buf.Mapped {
			l.span[s.Buf.File] = max(l.span[s.Buf.File], s.Buf.Off+s.Len)
		}
	}
	for i, n := range l.span {
		l.span[i] = max((n+prog.PageSize-1)/prog.PageSize*prog.PageSize, prog.PageSize)
	}
}

// ioStep is how many bytes a disk moves at once: as much as no operation can
// tell from less.
func (l *plan) ioStep() int64 {
	if l.fine || l.p.Options.Has(prog.Sectors) {
		return disk.SectorSize
	}
	for i := range l.steps {
		s := &l.steps[i]
		if s.Kind.Sectors() && (s.Off|s.Len|s.Buf.Off)%prog.PageSize != 0 {
			return disk.SectorSize
		}
	}
	return prog.PageSize
}

// findBounds finds the cells to look at: those at which an operation, a sector
// that is moved by itself, or anything else begins or ends.
func (l *plan) findBounds() {
	for len(l.bounds) < len(l.p.Files) {
		l.bounds = append(l.bounds, nil)
	}
	for f := range l.p.Files {
		l.bounds[f] = l.bounds[f][:0]
	}
	unit := l.ioStep()
	for i := range l.steps {
		s := &l.steps[i]
		if s.Kind == prog.Truncate {
			l.bound(s.File, s.Len, 0, unit)
		} else {
			l.bound(s.File, s.Off, s.Len, unit)
		}
		if s.Buf.Mapped {
			l.bound(s.Buf.File, s.Buf.Off, s.Len, unit)
		}
	}
	for i := range l.p.Conds {
		l.boundCond(&l.p.Conds[i])
	}
	for f := range l.p.Files {
		if n := l.p.Files[f].Size; n%prog.PageSize != 0 {
			l.bound(f, n, 0, unit)
		}
	}
	l.carry()
	for f := range l.p.Files {
		l.bounds[f] = l.sorted(f)
	}
}

// bound notes a range, and the units of every page that it touches.
func (l *plan) bound(f int, off, n, unit int64) {
	b := append(l.bounds[f], off/cellSize)
	if (off+n)%prog.PageSize != 0 {
		b = append(b, (off+n)/cellSize)
	}
	for at := off / prog.PageSize * prog.PageSize; at < off+n; at += unit {
		b = append(b, at/cellSize)
	}
	l.bounds[f] = b
}

func (l *plan) boundCond(c *prog.Cond) {
	for _, o := range []prog.Operand{c.A, c.B} {
		if o.Kind == prog.OperandFinal {
			l.bound(o.File, o.Off, cellSize, prog.PageSize)
		}
	}
	for i := range c.Sub {
		l.boundCond(&c.Sub[i])
	}
}

// carry makes what begins or ends in the target of a copy do so in its source,
// and the other way round, until nothing is added: two copies between the same
// ranges at different distances carry a place through all of them.
func (l *plan) carry() {
	for changed := true; changed; {
		changed = false
		for i := range l.steps {
			if s := &l.steps[i]; s.Buf.Mapped {
				d := (s.Buf.Off - s.Off) / cellSize
				changed = l.carryRange(s.File, s.Buf.File, s.Off, s.Len, d) || changed
				changed = l.carryRange(s.Buf.File, s.File, s.Buf.Off, s.Len, -d) || changed
			}
		}
	}
}

func (l *plan) carryRange(from, to int, off, n, distance int64) (changed bool) {
	l.bounds[from] = l.sorted(from)
	for _, b := range l.bounds[from] {
		if b >= off/cellSize && b < (off+n)/cellSize && !slices.Contains(l.bounds[to], b+distance) {
			l.bounds[to] = append(l.bounds[to], b+distance)
			changed = true
		}
	}
	return changed
}

// sorted is the bounds of file f in order, each once, as far as it can reach.
func (l *plan) sorted(f int) []int64 {
	b := l.bounds[f]
	slices.Sort(b)
	b = slices.Compact(b)
	for len(b) > 0 && b[len(b)-1] >= l.span[f]/cellSize {
		b = b[:len(b)-1]
	}
	return b
}

// newCell is a cell as the tasks find it.
func (l *plan) newCell(at place) cell {
	f := &l.p.Files[at.file]
	page := at.cell * cellSize / prog.PageSize
	c := cell{place: at}
	dirty := slices.Contains(f.Dirty, page)
	switch {
	case at.cell >= f.Size/cellSize:
		return c
	case dirty:
		c.older = stamp(at.file, at.cell, writerOlder)
	default:
		c.older = stamp(at.file, at.cell, writerInit)
	}
	if f.InHole(page) {
		c.older = 0
	}
	c.init = c.older
	if dirty {
		c.init = stamp(at.file, at.cell, writerInit)
	}
	return c
}

// cellsOf is the cells in n bytes at off of a file.
func (l *plan) cellsOf(f int, off, n int64) []cell {
	from, _ := slices.BinarySearchFunc(l.cells, place{f, off / cellSize}, comparePlaces)
	to := from
	for to < len(l.cells) && l.cells[to].file == f && l.cells[to].cell < (off+n)/cellSize {
		to++
	}
	return l.cells[from:to]
}

func comparePlaces(c cell, p place) int {
	if c.file != p.file {
		return c.file - p.file
	}
	return int(c.cell - p.cell)
}

// allocate gives a step its memory, filled if it writes.
func (l *plan) allocate(s *step) {
	s.word = stamp(s.File, s.Off/cellSize, s.writer())
	if s.Buf.Mapped || !s.Kind.Moves() {
		return
	}
	for len(l.pool) <= int(s.id) {
		l.pool = append(l.pool, nil)
	}
	if int64(cap(l.pool[s.id])) < s.Len {
		l.pool[s.id] = disk.Block(int(s.Len))
	}
	s.mem = l.pool[s.id][:s.Len]
	if s.Kind.Writes() {
		l.fill(s)
	}
}

// fill stamps the memory of a write in the cells that are looked at.
func (l *plan) fill(s *step) {
	for _, c := range l.cellsOf(s.File, s.Off, s.Len) {
		binary.NativeEndian.PutUint64(s.mem[c.cell*cellSize-s.Off:], stamp(c.file, c.cell, s.writer()))
	}
}

func (s *step) writer() writer { return firstWriter + writer(s.id) }

// covers reports whether a cell of its file lies in the first n bytes of the
// operation's range.
func (s *step) covers(c int64, n int64) bool {
	return c >= s.Off/cellSize && c < (s.Off+n)/cellSize
}

// clear forgets the last run.
func (l *plan) clear() {
	for i := range l.steps {
		s := &l.steps[i]
		s.start, s.end, s.n, s.err = 0, 0, 0, nil
	}
	for i := range l.cells {
		l.cells[i].final, l.cells[i].exists = 0, false
	}
}

// uses reports whether an address space may have pages of file f mapped.
func (l *plan) uses(mm, f int) bool { return l.mapped[mm*prog.MaxFiles+f] }

// findUses finds who may have what mapped, and whether mappings come and go.
func (l *plan) findUses() {
	l.mapped = [prog.MaxTasks * prog.MaxFiles]bool{}
	l.remaps, l.copies = false, false
	for i := range l.steps {
		s := &l.steps[i]
		mm := l.p.Tasks[s.task].MM
		switch s.Kind {
		case prog.Load, prog.Store, prog.CopyOut, prog.CopyIn:
			l.mapped[mm*prog.MaxFiles+s.File] = true
		case prog.Map, prog.Unmap:
			l.remaps = true
		}
		if s.Buf.Mapped {
			l.copies = true
			l.mapped[mm*prog.MaxFiles+s.Buf.File] = true
		}
	}
}
