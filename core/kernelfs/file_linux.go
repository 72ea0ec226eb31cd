package kernelfs

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// file is one open file. Its descriptors are opened by path, so that each has
// its own open file description: its own flags, and its own place in the
// sequence of write-back errors (errseq_t).
type file struct {
	path   string
	cached int // plain: buffered IO, truncate, punch, advice
	direct int // O_DIRECT
	sync   int // for fsync alone: what it says is new since its last fsync
	align  disk.Align
	huge   bool
	// overlay: another file's pages are cached, not this one's.
	overlay bool
	async   *alone // for direct IO; nil: pread and pwrite

	exposed core.Exposures
	fallbacks
	// shortest is the least size, in bytes, that the file has had.
	shortest atomic.Int64

	mapLock core.RWSem
	maps    []*mapping
}

// Open opens the file at b.Path three times. An error that a writer before us
// has left to be reported is taken from it: an error that nobody has seen yet
// is reported to descriptors opened later, too.
func (e Engine) Open(_ *sched.Group, b core.Backing) (core.File, error) {
	probe, err := probeFile(b.Path)
	if err != nil {
		return nil, err
	}
	f := &file{path: b.Path, cached: -1, direct: -1, sync: -1, align: probe.Align, huge: e.HugePages, overlay: probe.FSType == "overlay"}
	f.known, f.twice = probe.Direct, e.Direct == URing
	if open := e.Direct.opener(); open != nil {
		f.async = &alone{open: open}
	}
	direct := unix.O_DIRECT
	if b.DSync {
		direct |= unix.O_DSYNC
	}
	for _, d := range []struct {
		fd    *int
		flags int
	}{{&f.cached, 0}, {&f.direct, direct}, {&f.sync, 0}} {
		if *d.fd, err = open(b.Path, d.flags); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", b.Path, err), f.closeAll())
		}
	}
	if err := fsync(f.sync); err != nil && err != unix.EIO {
		return nil, errors.Join(f.failed("sync", 0, 0, err), f.closeAll())
	}
	f.shortest.Store(f.Size())
	return f, nil
}

// probeFile says what direct IO on the file is and asks for. A file system
// without direct IO is an error which Is errors.ErrUnsupported.
func probeFile(path string) (disk.Probe, error) {
	d, err := disk.OpenFile(path)
	if err != nil {
		return disk.Probe{}, err
	}
	return d.Probe(), d.Close()
}

// closeAll closes the descriptors there are.
func (f *file) closeAll() (err error) {
	for _, fd := range []int{f.cached, f.direct, f.sync} {
		if fd >= 0 {
			err = errors.Join(err, unix.Close(fd))
		}
	}
	if f.async != nil {
		err = errors.Join(err, f.async.close())
	}
	return errors.Join(err, f.fallbacks.close())
}

// failed dresses the error of a system call, and gives it its meaning.
func (f *file) failed(op string, off int64, n int, err error) error {
	return fmt.Errorf("%s [%#x, %#x) of %s: %w", op, off, off+int64(n), f.path, meaning(err))
}

// meaning is err as core calls it.
func meaning(err error) error {
	switch err {
	case unix.EFAULT:
		return core.ErrFault
	case unix.EIO:
		return core.ErrIO
	case unix.EOPNOTSUPP:
		return &core.UnsupportedError{Feature: "the operation", Why: "the file system says EOPNOTSUPP"}
	}
	return err
}

// misaligned is meaning for direct IO, where EINVAL is about alignment.
func misaligned(err error) error {
	if err == unix.EINVAL {
		return core.ErrAlign
	}
	return err
}

// memory is the bytes of a buffer, for the kernel to use.
func memory(b core.Buffer) ([]byte, error) {
	if b.Map == nil {
		return b.Mem, nil
	}
	m, ok := b.Map.(*mapping)
	if !ok {
		return nil, &core.UnsupportedError{Feature: "a buffer in the mapping of another engine", Why: "the kernel knows its own mappings only"}
	}
	if b.Off < 0 || b.Len < 0 || b.Off+int64(b.Len) > int64(len(m.mem)) {
		return nil, fmt.Errorf("buffer [%#x, %#x): %w: outside of the mapping", b.Off, b.Off+int64(b.Len), core.ErrFault)
	}
	return m.mem[b.Off : b.Off+int64(b.Len)], nil
}

// ReadAt is pread(2).
func (f *file) ReadAt(t *core.Task, b core.Buffer, off int64) (int, error) {
	p, err := memory(b)
	if err != nil {
		return 0, err
	}
	f.exposed.BeginAccess(t, off, int64(len(p)))
	defer f.exposed.EndAccess(t)
	n, err := readFull(p, off, 1, func(p []byte, off int64) (int, error) { return unix.Pread(f.cached, p, off) })
	if err != nil {
		return n, f.failed("read", off, len(p), err)
	}
	return n, nil
}

// WriteAt is pwrite(2).
func (f *file) WriteAt(t *core.Task, b core.Buffer, off int64) (int, error) {
	p, err := memory(b)
	if err != nil {
		return 0, err
	}
	f.exposed.BeginAccess(t, off, int64(len(p)))
	defer f.exposed.EndAccess(t)
	n, err := writeFull(p, off, func(p []byte, off int64) (int, error) { return unix.Pwrite(f.cached, p, off) })
	if err != nil {
		return n, f.failed("write", off, len(p), err)
	}
	return n, nil
}

// ReadDirect is pread(2), io_submit(2) or io_uring(7), on the descriptor with O_DIRECT.
func (f *file) ReadDirect(t *core.Task, b core.Buffer, off int64) (int, error) {
	p, err := memory(b)
	if err != nil {
		return 0, err
	}
	n, err := readFull(p, off, f.align.Offset, func(p []byte, off int64) (int, error) {
		f.ask(t.Thread, false)
		if f.async != nil {
			return f.async.do(t, false, f.direct, p, off)
		}
		return unix.Pread(f.direct, p, off)
	})
	if err != nil {
		return n, f.directFailed(t, opName(false), off, len(p), err)
	}
	return n, nil
}

// WriteDirect is pwrite(2), io_submit(2) or io_uring(7), on the descriptor with O_DIRECT.
func (f *file) WriteDirect(t *core.Task, b core.Buffer, off int64) (int, error) {
	p, err := memory(b)
	if err != nil {
		return 0, err
	}
	f.exposed.BeginWrite(t, off, int64(len(p)))
	n, err := writeFull(p, off, func(p []byte, off int64) (int, error) {
		f.ask(t.Thread, true)
		if f.async != nil {
			return f.async.do(t, true, f.direct, p, off)
		}
		return unix.Pwrite(f.direct, p, off)
	})
	f.exposed.EndWrite(t)
	if err != nil {
		return n, f.directFailed(t, opName(true), off, len(p), err)
	}
	return n, nil
}

func (f *file) directFailed(t *core.Task, op string, off int64, n int, err error) error {
	if err == unix.EFAULT {
		t.Stats.EFAULT++
	}
	return f.failed(op, off, n, misaligned(err))
}

// Truncate is ftruncate(2).
func (f *file) Truncate(_ *core.Task, size int64) error {
	for s := f.shortest.Load(); size < s && !f.shortest.CompareAndSwap(s, size); s = f.shortest.Load() {
	}
	if err := truncate(f.cached, size); err != nil {
		return f.failed("truncate", size, 0, err)
	}
	return nil
}

// PunchHole is fallocate(2).
func (f *file) PunchHole(_ *core.Task, off, n int64) error {
	if err := allocate(f.cached, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n); err != nil {
		return f.failed("punch hole", off, int(n), err)
	}
	return nil
}

// ZeroRange implements core.ZeroRanger. A fallocate(2) that fails may have
// dropped what was cached before it did (seen on /dev/loop).
func (f *file) ZeroRange(_ *core.Task, off, n int64) error {
	if err := allocate(f.cached, unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE, off, n); err != nil {
		return f.failed("zero", off, int(n), err)
	}
	return nil
}

// Preallocate implements core.Preallocator.
func (f *file) Preallocate(_ *core.Task, off, n int64) error {
	if err := allocate(f.cached, 0, off, n); err != nil {
		return f.failed("preallocate", off, int(n), err)
	}
	return nil
}

// Sync is fsync(2) on a descriptor which does nothing else. So no error is
// reported twice, and none is missed because another descriptor saw it first.
func (f *file) Sync(*core.Task) error {
	if err := fsync(f.sync); err != nil {
		return f.failed("sync", 0, 0, err)
	}
	return nil
}

// Evict is madvise(2) on all mappings and then posix_fadvise(2), both with
// DONTNEED: a page that is mapped stays in the cache, so it is unmapped first.
// The advice also starts the write-back of dirty pages.
func (f *file) Evict(t *core.Task, off, n int64) error {
	if n <= 0 {
		return nil // to posix_fadvise, 0 bytes are all to the end
	}
	if err := f.mapLock.DownRead(t.Thread); err != nil {
		return err
	}
	defer f.mapLock.UpRead(t.Thread)
	for _, m := range f.maps {
		if err := m.zap(off, n); err != nil {
			return f.failed("unmap pages", off, int(n), err)
		}
	}
	if err := dontNeed(f.cached, off, n); err != nil {
		return f.failed("evict", off, int(n), err)
	}
	return nil
}

// Size is what fstat(2) says.
func (f *file) Size() int64 {
	size, err := sizeOf(f.cached)
	if err != nil {
		panic("kernelfs: fstat of an open file failed")
	}
	return size
}

// Close writes everything back, drops the cache and closes the descriptors.
func (f *file) Close(t *core.Task) error {
	return errors.Join(f.Sync(t), f.Evict(t, 0, f.Size()), f.closeAll())
}

// Map is mmap(2) with MAP_SHARED.
func (f *file) Map(t *core.Task, off, length int64) (core.Mapping, error) {
	mem, err := mmap(f.cached, off, length, f.huge)
	if err != nil {
		return nil, f.failed("map", off, int(length), err)
	}
	m := &mapping{file: f, mem: mem, off: off}
	if err := f.mapLock.DownWrite(t.Thread); err != nil {
		return nil, errors.Join(err, unix.Munmap(mem))
	}
	f.maps = append(f.maps, m)
	f.mapLock.UpWrite(t.Thread)
	return m, nil
}

// unmap takes m off the list first, so that no Evict can meet it.
func (f *file) unmap(t *core.Task, m *mapping) error {
	if err := f.mapLock.DownWrite(t.Thread); err != nil {
		return err
	}
	defer f.mapLock.UpWrite(t.Thread)
	f.maps = slices.DeleteFunc(f.maps, func(o *mapping) bool { return o == m })
	if err := unix.Munmap(m.mem); err != nil {
		return f.failed("unmap", m.off, len(m.mem), err)
	}
	m.mem = nil
	return nil
}
