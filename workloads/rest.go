package workloads

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/workloads/oracle"
)

// restChunk is how much is read or written at once while everything rests.
const restChunk = 1 << 20

// A file is one data file of the case and the harness's access to it.
type file struct {
	target
	oracle  *oracle.File // nil without an oracle
	checked int64        // bytes from the start that are checked; the rest are sources
	// One chunk each: for direct IO, and for the other views.
	buf, buffered, mapped []byte
}

// open opens the files and maps them.
func (x *execution) open() error {
	for i := range x.c.Workload.Files {
		b, err := x.backing(i)
		if err != nil {
			return err
		}
		f, err := x.c.Engine.Open(x.g, b)
		if err != nil {
			return fmt.Errorf("open %s: %w", b.Path, err)
		}
		if err := x.addFile(f, i); err != nil {
			return fmt.Errorf("%s: %w", b.Path, err)
		}
	}
	return x.openPipelines()
}

// backing is the i-th data file as the parameters want it.
func (x *execution) backing(i int) (core.Backing, error) {
	b := x.c.Backing[i]
	if x.p.DSync == 0 {
		return b, nil
	}
	f, ok := b.Disk.(interface{ Durable() (disk.Disk, error) })
	if !ok {
		return b, &core.UnsupportedError{Feature: "dsync", Why: fmt.Sprintf("%s is no file", b.Path)}
	}
	var err error
	b.DSync = true
	b.Disk, err = f.Durable()
	return b, err
}

func (x *execution) addFile(cf core.File, i int) error {
	f := &file{target: target{file: cf, size: cf.Size()}, checked: x.p.Size}
	x.files = append(x.files, f)
	if f.size < x.p.Size {
		return fmt.Errorf("%d bytes long, %d needed", f.size, x.p.Size)
	}
	if x.c.Workload.Sources {
		f.checked = sourceBase(x.p)
	}
	chunk := max(restChunk/x.p.Block, 1) * x.p.Block
	n := int(min(int64(chunk), x.p.Size))
	f.buf, f.buffered, f.mapped = newBuffer(n), make([]byte, n), make([]byte, n)
	if x.c.Oracle {
		f.oracle = oracle.New(x.oracleConfig(i))
		f.w, f.r = f.oracle.Writer(harnessWriter), f.oracle.Reader()
	}
	if !x.cached() {
		return nil
	}
	var err error
	f.m, err = cf.Map(x.harness, 0, x.p.Size)
	return err
}

// harnessWriter is the writer of what is prepared and repaired; the tasks
// follow it.
const harnessWriter = 1

func (x *execution) oracleConfig(i int) oracle.Config {
	return oracle.Config{
		Name: string(rune('A' + i)), Size: x.p.Size, Block: core.PageSize,
		Writers: x.writers, Salt: uint16(i + 1), Clock: &x.clock, Now: now,
	}
}

// bind gives a task its access to the files.
func (x *execution) bind(c *Context) {
	for _, f := range x.files {
		c.files = append(c.files, f.forWriter(c.writer))
	}
}

// forWriter is f as somebody uses it who writes as id.
func (f *file) forWriter(id int) target {
	t := target{file: f.file, m: f.m, size: f.size}
	if f.oracle != nil {
		t.w, t.r = f.oracle.Writer(id), f.oracle.Reader()
	}
	return t
}

// chunks calls fn for the bytes of f below limit, a chunk at a time.
func (x *execution) chunks(f *file, limit int64, fn func(p []byte, off int64) error) error {
	for off := int64(0); off < limit; off += int64(len(f.buf)) {
		if err := fn(f.buf[:min(int64(len(f.buf)), limit-off)], off); err != nil {
			return err
		}
		x.moved.Add(1)
	}
	return nil
}

// prepare writes and syncs every block, so that all engines meet the same
// allocated extents.
func (x *execution) prepare() error {
	for _, f := range x.files {
		err := x.chunks(f, x.p.Size, func(p []byte, off int64) error { return x.rewrite(f, p, off) })
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		if err := x.sync(f); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	return nil
}

// rewrite writes p, freshly stamped, directly.
func (x *execution) rewrite(f *file, p []byte, off int64) error {
	f.beginWrite(off, len(p))
	f.fill(p, off)
	_, err := f.file.WriteDirect(x.harness, core.Buffer{Mem: p}, off)
	f.endWrite(now(), err)
	return err
}

// sync syncs f; its EIO is noted.
func (x *execution) sync(f *file) error {
	err := f.file.Sync(x.harness)
	switch {
	case errors.Is(err, core.ErrIO):
		x.shared.syncFailed.Store(true)
		return nil
	case errors.Is(err, errors.ErrUnsupported) && !x.cached():
		return nil
	}
	return err
}

// rest is the check at rest: sync, drop the caches, compare every view, put
// right what was lost.
func (x *execution) rest() error {
	for _, f := range x.files {
		if err := x.sync(f); err != nil {
			return fmt.Errorf("sync at rest: %w", err)
		}
	}
	for _, f := range x.files {
		if err := x.settle(f); err != nil {
			return fmt.Errorf("check at rest: %w", err)
		}
	}
	x.countRound()
	return nil
}

// settle checks one file at rest and repairs it.
func (x *execution) settle(f *file) error {
	if err := x.evict(f); err != nil || f.oracle == nil {
		return err
	}
	var bad []int64
	err := x.chunks(f, f.checked, func(p []byte, off int64) error {
		v, err := x.views(f, off, int64(len(p)))
		if err == nil && f.r.Final(off, v).Bad() {
			bad = append(bad, off)
		}
		return err
	})
	if err != nil || len(bad) == 0 {
		return err
	}
	return x.repair(f, bad)
}

// evict drops the cache of f, where there is one.
func (x *execution) evict(f *file) error {
	if !x.cached() {
		return nil
	}
	return f.file.Evict(x.harness, 0, f.size)
}

// views reads n bytes at off of f in every way there is.
func (x *execution) views(f *file, off, n int64) (oracle.Views, error) {
	v := oracle.Views{Direct: f.buf[:n], SyncFailed: x.shared.syncFailed.Load()}
	if _, err := f.file.ReadDirect(x.harness, core.Buffer{Mem: v.Direct}, off); err != nil || !x.cached() {
		return v, err
	}
	v.Buffered, v.Mapped = f.buffered[:n], f.mapped[:n]
	if _, err := f.file.ReadAt(x.harness, core.Buffer{Mem: v.Buffered}, off); err != nil {
		return v, err
	}
	_, err := f.m.ReadAt(x.harness, v.Mapped, off)
	return v, err
}

// repair rewrites the chunks in which something was wrong, so that the next
// round does not find the same again.
func (x *execution) repair(f *file, offs []int64) error {
	if err := x.evict(f); err != nil {
		return err
	}
	for _, off := range offs {
		n := min(int64(len(f.buf)), f.checked-off)
		if err := x.rewrite(f, f.buf[:n], off); err != nil {
			return fmt.Errorf("repair: %w", err)
		}
	}
	return x.evict(f)
}

// populate, before a round, brings the file to its share of holes and the
// cache to its share of resident pages.
func (x *execution) populate() error {
	if !x.cached() {
		return nil
	}
	for _, f := range x.files {
		if err := x.punchHoles(f); err != nil {
			return fmt.Errorf("populate: %w", err)
		}
		if err := x.evict(f); err != nil {
			return err
		}
		p := f.buf[:core.PageSize]
		for i := int64(0); i < x.p.Size/core.PageSize; i++ {
			if !among(i, x.p.ResidentPct) {
				continue
			}
			x.moved.Add(1)
			if _, err := f.file.ReadAt(x.harness, core.Buffer{Mem: p}, i*core.PageSize); err != nil {
				return fmt.Errorf("populate: %w", err)
			}
		}
	}
	return nil
}

// punchHoles punches out every block that is to be a hole, and reserves it again
// if it is to be unwritten; what lies among the sources is nobody's to check,
// and stays.
func (x *execution) punchHoles(f *file) error {
	if x.p.Layout != LayoutWritten {
		if err := x.punch(f, 0, f.checked); err != nil || x.p.Layout == LayoutHoles {
			return err
		}
		return x.reserve(f)
	}
	block := int64(x.p.Block)
	for i := int64(0); i < f.checked/block; i++ {
		if !among(i, x.p.HolePct) {
			continue
		}
		if err := x.punch(f, i*block, block); err != nil {
			return err
		}
	}
	return nil
}

// punch punches n bytes at off out of f.
func (x *execution) punch(f *file, off, n int64) error {
	x.moved.Add(1)
	f.beginZero(off, n)
	err := f.file.PunchHole(x.harness, off, n)
	f.endWrite(now(), err)
	return err
}

// reserve gives every block of f that has none an unwritten one.
func (x *execution) reserve(f *file) error {
	p, ok := f.file.(core.Preallocator)
	if !ok {
		return &core.UnsupportedError{Feature: "layout=" + string(LayoutPrealloc), Why: x.c.Engine.Name() + " has no unwritten blocks"}
	}
	return p.Preallocate(x.harness, 0, f.checked)
}

// among says whether item i is among pct percent of all, spread evenly.
func among(i int64, pct int) bool { return (i+1)*int64(pct)/100 > i*int64(pct)/100 }

// closeFiles unmaps and closes the files.
func (x *execution) closeFiles() error {
	first := x.closePipelines()
	for _, f := range x.files {
		if f.m != nil {
			first = errors.Join(first, f.m.Unmap(x.harness))
		}
		first = errors.Join(first, f.file.Close(x.harness))
	}
	return first
}
