package exec

import (
	"encoding/binary"
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// world is files of the model over disks in memory. They are made once for a
// policy and number, and reset for each run.
type world struct {
	files
	model  *core.Model
	disks  []*disk.Memory
	spaces []*core.AddressSpace
	images [][]byte // by file: what its disk holds before
	mms    []*core.MM
	fss    []*core.FileSystem // by the number that files give; nil: unused
	slots  int                // of each of them
	torn   bool               // a mapping was removed or replaced
	buf    []byte             // one page

	over    func(disk.Disk) disk.Disk // what to put over each disk; nil: nothing
	outside *core.Task
}

// minSpan is the least that a mapping covers: mappings are made anew only for
// programs that need more.
const minSpan = 16 * prog.PageSize

// prepare makes sure that there is what the plan needs, and that its files
// will find on their disks what they should.
func (w *world) prepare(l *plan) error {
	for i := range l.p.Files {
		if i == len(w.spaces) {
			w.add()
		}
		w.disks[i].Step = l.ioStep()
		w.paint(l, i)
	}
	return w.mapAll(l, w.setup())
}

// setup is a task to do with outside of runs.
func (w *world) setup() *core.Task {
	if w.outside == nil {
		w.outside = core.NewTask(sched.NewGroup().Thread("setup"))
	}
	return w.outside
}

// add makes one more file.
func (w *world) add() {
	i := len(w.spaces)
	d := disk.NewMemoryAt(i, 0)
	var under disk.Disk = d
	if w.over != nil {
		under = w.over(d)
	}
	m := core.NewAddressSpace(w.model.Policy, under, mmu.NewSoft(), w.model.Options)
	m.Number(uint64(i + 1))
	w.disks, w.spaces, w.open, w.images = append(w.disks, d), append(w.spaces, m), append(w.open, m), append(w.images, nil)
}

// mapAll makes sure that each address space maps each file as far as any
// operation reaches.
func (w *world) mapAll(l *plan, t *core.Task) error {
	for mm := range l.p.Tasks {
		if mm == len(w.maps) {
			w.maps = append(w.maps, nil)
		}
		if l.p.Tasks[mm].MM != mm {
			continue
		}
		for f := range l.p.Files {
			if f == len(w.maps[mm]) {
				w.maps[mm] = append(w.maps[mm], &mapping{})
			}
			if err := w.mapOne(t, w.maps[mm][f], f, l.span[f]); err != nil {
				return fmt.Errorf("map file %s: %w", l.p.Files[f].Name, err)
			}
		}
	}
	return nil
}

func (w *world) mapOne(t *core.Task, slot *mapping, f int, span int64) error {
	old := slot.now.Load()
	if old != nil && slot.span >= span {
		return nil
	}
	if old != nil {
		if err := (*old).Unmap(t); err != nil {
			return err
		}
	}
	slot.span = max(span, slot.span, minSpan)
	m, err := w.open[f].Map(t, 0, slot.span)
	if err == nil {
		slot.now.Store(&m)
	}
	return err
}

// paint makes the image of file i: the cells that are looked at.
func (w *world) paint(l *plan, i int) {
	size := l.p.Files[i].Size
	if int64(cap(w.images[i])) < size {
		w.images[i] = make([]byte, size)
	}
	w.images[i] = w.images[i][:size]
	for _, c := range l.cellsOf(i, 0, size) {
		binary.NativeEndian.PutUint64(w.images[i][c.cell*cellSize:], c.older)
	}
}

// reset makes everything as the program wants it before the tasks begin.
func (w *world) reset(l *plan, t *core.Task) error {
	w.tick.Store(0)
	opts := w.options(l.p.Options)
	for _, mm := range w.mms {
		mm.Reset()
	}
	for i := range l.p.Files {
		w.disks[i].Load(w.images[i])
		opts.FileSystem = w.fileSystem(l, l.p.Files[i].FS)
		if err := w.spaces[i].Reset(opts); err != nil {
			return err
		}
	}
	if w.torn {
		w.torn = false
		if err := w.mapAll(l, t); err != nil {
			return err
		}
	}
	for i := range l.p.Files {
		if err := w.warm(l, t, i); err != nil {
			return fmt.Errorf("prepare file %s: %w", l.p.Files[i].Name, err)
		}
	}
	return nil
}

// options is the engine's with those of the program.
func (w *world) options(o prog.Options) core.Options {
	opts := w.model.Options
	for _, v := range []struct {
		option prog.Option
		set    *bool
	}{
		{prog.DirtyAfterCopy, &opts.DirtyAfterCopy},
		{prog.PinsBusy, &opts.PinsBusy},
		{prog.InstallUnlocked, &opts.InstallUnlocked},
		{prog.InvalidateFirst, &opts.InvalidateFirst},
		{prog.KeepPinned, &opts.KeepPinned},
		{prog.MkwriteUnlocked, &opts.MkwriteUnlocked},
		{prog.ReadaheadWaits, &opts.ReadaheadWaits},
	} {
		*v.set = *v.set || o.Has(v.option)
	}
	if o.MaxPin > 0 {
		opts.MaxPin = o.MaxPin
	}
	return opts
}

// fileSystem is the one of a number, empty; nil if the policy does not ask.
func (w *world) fileSystem(l *plan, n int) *core.FileSystem {
	if w.model.Policy.FileSystem == nil {
		return nil
	}
	slots := l.p.Options.Slots
	if slots == 0 {
		slots = core.FDMSlots
	}
	if slots != w.slots {
		w.slots, w.fss = slots, nil
	}
	for len(w.fss) <= n {
		w.fss = append(w.fss, core.NewFileSystem(len(w.fss), slots))
	}
	w.fss[n].Reset()
	return w.fss[n]
}

// mm is the address space of a number, unlocked; nil if the program does not
// ask for mmap_lock.
func (w *world) mm(l *plan, n int) *core.MM {
	if !l.p.Options.Has(prog.MmapLock) {
		return nil
	}
	for len(w.mms) <= n {
		w.mms = append(w.mms, core.NewMM(len(w.mms)))
	}
	return w.mms[n]
}

// warm caches the pages of file i that are to be cached.
func (w *world) warm(l *plan, t *core.Task, i int) error {
	f := &l.p.Files[i]
	for _, page := range f.Resident {
		b := core.Buffer{Mem: w.page()[:cellSize]}
		if _, err := w.open[i].ReadAt(t, b, page*prog.PageSize); err != nil {
			return err
		}
	}
	for _, page := range f.Dirty {
		off := page * prog.PageSize
		n := min(prog.PageSize, f.Size-off)
		for _, c := range l.cellsOf(i, off, n) {
			binary.NativeEndian.PutUint64(w.page()[c.cell*cellSize-off:], c.init)
		}
		if _, err := w.open[i].WriteAt(t, core.Buffer{Mem: w.page()[:n]}, off); err != nil {
			return err
		}
	}
	return nil
}

// page is scratch memory.
func (w *world) page() []byte {
	if w.buf == nil {
		w.buf = disk.Block(prog.PageSize)
	}
	return w.buf
}
