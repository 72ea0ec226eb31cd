package exec

import (
	"encoding/binary"
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/fuzz/prog"
)

// look reads at the end what the files hold, in each of the ways there are,
// after everything was written back. Preconditions: the tasks have ended.
func (x *files) look(l *plan, t *core.Task, r *Result) error {
	for f := range l.p.Files {
		err := x.open[f].Sync(t)
		switch {
		case errors.Is(err, core.ErrIO):
			r.add(Finding{Kind: prog.EIO, Task: -1, File: f, Err: err})
		case err != nil:
			return fmt.Errorf("sync file %s at the end: %w", l.p.Files[f].Name, err)
		}
		if err := x.views(l, t, f, r); err != nil {
			return fmt.Errorf("read file %s at the end: %w", l.p.Files[f].Name, err)
		}
	}
	return nil
}

// views compares mapped, buffered and direct reads of a file. What the last
// one shows is what the file holds.
func (x *files) views(l *plan, t *core.Task, f int, r *Result) error {
	size := x.open[f].Size()
	cells := l.cellsOf(f, 0, size)
	pages := (size + prog.PageSize - 1) / prog.PageSize * prog.PageSize
	for i, read := range []func(*core.Task, core.Buffer, int64) (int, error){x.open[f].ReadAt, x.open[f].ReadDirect} {
		if int64(cap(l.views[i])) < pages {
			l.views[i] = disk.Block(int(pages))
		}
		l.views[i] = l.views[i][:pages]
		if _, err := read(t, core.Buffer{Mem: l.views[i]}, 0); err != nil {
			return err
		}
	}
	for i := range cells {
		c := &cells[i]
		c.final, c.exists = binary.NativeEndian.Uint64(l.views[1][c.cell*cellSize:]), true
		if binary.NativeEndian.Uint64(l.views[0][c.cell*cellSize:]) != c.final {
			r.incoherent(c)
		}
	}
	return x.mapped(l, t, f, cells, r)
}

// mapped compares what each address space that uses the file sees of it.
func (x *files) mapped(l *plan, t *core.Task, f int, cells []cell, r *Result) error {
	for mm := range l.p.Tasks {
		if !l.uses(mm, f) {
			continue
		}
		m := x.maps[mm][f].now.Load()
		if m == nil {
			continue
		}
		for i := range cells {
			word, err := (*m).Load(t, cells[i].cell*cellSize)
			if err != nil {
				return err
			}
			if word != cells[i].final {
				r.incoherent(&cells[i])
			}
		}
	}
	return nil
}

func (r *Result) incoherent(c *cell) {
	r.add(Finding{Kind: prog.Incoherent, Task: -1, File: c.file, Off: c.cell * cellSize, Wrote: nobody, Missed: nobody})
}
