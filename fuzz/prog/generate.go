package prog

import (
	"math/rand/v2"
	"slices"
)

// Limits is how large generated programs get.
type Limits struct {
	Files int // default 2
	Pages int // of a file; default 3
	Tasks int // default 3
	Ops   int // of all tasks; default 12
}

// orDefault fills in what is zero, and keeps the rest within the binary form.
func (l Limits) orDefault() Limits {
	pick := func(n *int, usual, most int) {
		if *n == 0 {
			*n = usual
		}
		*n = min(max(*n, 1), most)
	}
	pick(&l.Files, 2, codedFiles)
	pick(&l.Pages, 3, codedPages)
	pick(&l.Tasks, 3, codedTasks)
	pick(&l.Ops, 12, codedTasks*MaxOps)
	return l
}

// Generator makes random programs. The same source gives the same programs.
type Generator struct {
	Rand   *rand.Rand
	Limits Limits
	// Wild leaves in what no policy claims anything for: see Tame.
	Wild bool

	kinds  []Kind // what is drawn from, each as often as its weight
	mapped int    // of so many in 8 operations the memory is a mapping
	warm   int    // so many in 8 pages are cached at the start
	part   int    // so many in 8 ranges are no whole pages
}

// weights is how often each kind is drawn, if it is drawn at all.
var weights = [NumKinds]int{
	Read: 3, Write: 4, ReadDirect: 3, WriteDirect: 8, Load: 4, Store: 6, CopyOut: 1, CopyIn: 2, Truncate: 1, Punch: 2, Zero: 1,
	Sync: 2, Writeback: 2, Evict: 2, Readahead: 1, Splice: 1, Reflink: 1, Map: 1, Unmap: 1,
}

// Swarm draws anew which features the programs to come have. A batch of few
// features finds what one of all features hides, as each of them may undo what
// another sets up (Groce, Zhang, Eide, Chen and Regehr, Swarm Testing, ISSTA
// 2012).
func (g *Generator) Swarm() {
	g.kinds = g.kinds[:0]
	for k, weight := range weights {
		if Kind(k) != WriteDirect && g.Rand.IntN(2) == 0 {
			continue // no batch does without direct writes: there would be nothing to keep coherent
		}
		for range weight {
			g.kinds = append(g.kinds, Kind(k))
		}
	}
	g.mapped, g.warm, g.part = g.Rand.IntN(4), g.Rand.IntN(5), g.Rand.IntN(4)
}

// Program makes a program, of the features of the last Swarm.
func (g *Generator) Program() *Program {
	if len(g.kinds) == 0 {
		g.Swarm()
	}
	l := g.Limits.orDefault()
	p := &Program{Name: "fuzzed"}
	for i := range 1 + g.Rand.IntN(l.Files) {
		p.Files = append(p.Files, g.file(i, l.Pages))
	}
	tasks := l.Tasks
	if tasks > 2 {
		tasks = 2 + g.Rand.IntN(tasks-1)
	}
	for i := range tasks {
		p.Tasks = append(p.Tasks, Task{Name: taskName(i), MM: i})
		if i > 0 && g.chance(1) {
			p.Tasks[i].MM = 0
		}
	}
	for i := range tasks + g.Rand.IntN(max(1, l.Ops-tasks+1)) {
		t := i
		if i >= tasks {
			t = g.Rand.IntN(tasks)
		}
		if len(p.Tasks[t].Ops) < MaxOps {
			p.Tasks[t].Ops = append(p.Tasks[t].Ops, g.op(p))
		}
	}
	g.options(p)
	if !g.Wild {
		p.Tame()
	}
	return p
}

// chance is true n times in 8.
func (g *Generator) chance(n int) bool { return g.Rand.IntN(8) < n }

// Names are those of the binary form.
func fileName(i int) string { return string(rune('A' + i)) }
func taskName(i int) string { return string(rune('s' + i)) }

// file makes one that often ends inside a page, and has all states of pages.
func (g *Generator) file(i, pages int) File {
	f := File{Name: fileName(i), Size: int64(1+g.Rand.IntN(pages)) * PageSize}
	if g.chance(1) {
		f.Size -= int64(1+g.Rand.IntN(PageSize/SectorSize-1)) * SectorSize
	}
	if i > 0 && g.chance(1) {
		f.FS = 1
	}
	for page := range f.Pages() {
		g.page(&f, page)
	}
	return f
}

// page draws the state of a page.
func (g *Generator) page(f *File, page int64) {
	without := func(list []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(list), func(i int64) bool { return i == page })
	}
	f.Resident, f.Dirty = without(f.Resident), without(f.Dirty)
	var holes []int64
	for i := range f.Pages() {
		if i != page && f.InHole(i) || i == page && g.chance(1) {
			holes = append(holes, i)
		}
	}
	f.Holes = rangesOf(holes)
	switch {
	case !g.chance(g.warm):
	case g.chance(3):
		f.Dirty = append(f.Dirty, page)
	default:
		f.Resident = append(f.Resident, page)
	}
	slices.Sort(f.Resident)
	slices.Sort(f.Dirty)
}

// options draws how much is pinned at once, rarely anything else.
func (g *Generator) options(p *Program) {
	p.Options = Options{}
	if g.chance(1) {
		p.Options.MaxPin = 1 + g.Rand.IntN(2)
	}
	if g.chance(1) {
		p.Options.Set = Sectors
	}
	if g.Wild && g.chance(1) {
		p.Options.Set |= 1 << g.Rand.IntN(numOptions)
	}
}

// op makes an operation on what the program has.
func (g *Generator) op(p *Program) Op {
	o := Op{Kind: g.kinds[g.Rand.IntN(len(g.kinds))]}
	g.place(p, &o)
	return o
}

// place draws where an operation of a kind is.
func (g *Generator) place(p *Program, o *Op) {
	o.File, o.Off, o.Len, o.Buf = g.pickFile(p), 0, 0, Buf{}
	k, f := o.Kind, &p.Files[o.File]
	switch {
	case k.has(hasSize):
		o.Len = int64(g.Rand.IntN(int(f.Pages())+2)) * PageSize
		if g.chance(g.part) {
			o.Len += int64(g.Rand.IntN(PageSize/8)) * 8
		}
		return
	case !k.has(hasRange), k.has(wholeToo) && g.chance(4):
		return
	}
	o.Off, o.Len = g.extent(f, o.unit(), k.has(hasWord))
	if k.has(isClone) || k.has(maySource|mayTarget) && g.chance(g.mapped) {
		g.memory(p, o)
	}
}

// pickFile prefers the first, so that tasks meet.
func (g *Generator) pickFile(p *Program) int {
	if g.chance(5) {
		return 0
	}
	return g.Rand.IntN(len(p.Files))
}

// extent draws a range: mostly the first page, rarely beyond the end.
func (g *Generator) extent(f *File, unit int64, word bool) (off, n int64) {
	if !g.chance(5) {
		off = int64(g.Rand.IntN(int(f.Pages())))
	}
	if g.chance(1) {
		off = min(off+1, codedPages-1)
	}
	off, n = off*PageSize, PageSize
	switch {
	case word:
		return off + int64(g.Rand.IntN(3))*8, 8
	case unit < PageSize && g.chance(g.part):
		from, to := g.Rand.IntN(int(PageSize/unit)), 1+g.Rand.IntN(int(PageSize/unit))
		return off + int64(min(from, to-1))*unit, int64(max(1, to-from)) * unit
	case g.chance(2):
		n = min(2*PageSize, codedPages*PageSize-off)
	}
	return off, n
}

// memory makes the memory of an operation a mapping.
func (g *Generator) memory(p *Program, o *Op) {
	o.Buf = Buf{Mapped: true, File: g.Rand.IntN(len(p.Files))}
	unit := max(o.unit(), SectorSize)
	o.Buf.Off = int64(g.Rand.IntN(int(p.Files[o.Buf.File].Pages()))) * PageSize
	if g.chance(g.part) {
		o.Buf.Off += int64(g.Rand.IntN(PageSize/int(unit))) * unit
	}
	o.Len = min(o.Len, codedPages*PageSize-o.Buf.Off)
}
