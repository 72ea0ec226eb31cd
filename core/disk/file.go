package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/ncw/directio"

	"cohbench/core/sched"
)

// File is a regular file, or a block device, opened with O_DIRECT.
type File struct {
	path  string
	os    *os.File
	fd    int
	loc   sched.Loc
	size  atomic.Int64
	align Align
	probe Probe
	claim *os.File // of a device, what keeps others off it; else nil
	dsync *os.File // see Durable; else nil
}

// fileKind keeps the locations of files apart from anybody else's.
const fileKind = sched.Loc(0xf11e) << 48

// Block is n bytes of memory, aligned for the direct IO of any Disk.
func Block(n int) []byte { return directio.AlignedBlock(n) }

// Create makes a file of size bytes that did not exist before, with its blocks
// reserved. Where that fails it leaves nothing behind, and returns a
// *SetupError.
func Create(path string, size int64) (*File, error) {
	// The plain open comes first: with O_CREAT and O_DIRECT together a file
	// system that has no direct IO fails after it has made the file.
	plain, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, &SetupError{"create data file", path, cause(err), createHint(err)}
	}
	defer plain.Close()
	f, err := openCreated(plain, path, size)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return f, nil
}

// openCreated opens the file just created for direct IO and reserves its
// blocks.
func openCreated(plain *os.File, path string, size int64) (*File, error) {
	f, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	if err := sameFile(plain, f.os); err != nil {
		f.Close()
		return nil, &SetupError{"create data file", path, err, "let nothing else write to this directory"}
	}
	if err := f.preallocate(size, allocate); err != nil {
		f.Close()
		return nil, &SetupError{"reserve " + sizeText(size) + " for data file", path, cause(err), createHint(err)}
	}
	f.size.Store(size)
	return f, nil
}

// OpenFile opens a file that exists. The caller vouches that it may be written
// to. An error is a *SetupError.
func OpenFile(path string) (*File, error) {
	o, err := openDirect(path)
	if err != nil {
		return nil, err
	}
	size, err := sizeOf(o)
	if err != nil {
		o.Close()
		return nil, &SetupError{"open data file", path, cause(err), ""}
	}
	f := &File{path: path, os: o, fd: int(o.Fd())}
	f.loc = fileKind + sched.Loc(f.fd)
	f.probe = inspect(o, path)
	f.align = f.probe.Align
	f.size.Store(size)
	return f, nil
}

// sizeOf is the size of a file or a block device, in bytes.
func sizeOf(o *os.File) (int64, error) {
	st, err := o.Stat()
	switch {
	case err != nil:
		return 0, err
	case isBlock(st.Mode()):
		return o.Seek(0, io.SeekEnd)
	case !st.Mode().IsRegular():
		return 0, errors.New("not a regular file")
	}
	return st.Size(), nil
}

// sameFile is an error unless both are one file: somebody may have put another
// in the place of the one we created.
func sameFile(a, b *os.File) error {
	sa, err := a.Stat()
	if err != nil {
		return err
	}
	sb, err := b.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(sa, sb) {
		return errors.New("the file was replaced while it was being opened")
	}
	return nil
}

// Path is the name the file was opened by.
func (f *File) Path() string { return f.path }

// Probe says what the file lives on and whether its O_DIRECT is direct.
func (f *File) Probe() Probe { return f.probe }

// Remove closes the file and removes it; a device is only closed.
func (f *File) Remove() error {
	if f.claim != nil {
		return f.Close()
	}
	return errors.Join(f.Close(), os.Remove(f.path))
}

// step is the yield before (KindSubmit) or after (KindComplete) the system
// call, which is one step: a real file has no inside that we could schedule.
func (f *File) step(t *sched.Thread, kind sched.Kind) { t.Yield(f.loc, kind) }

// ReadAt implements Disk.
func (f *File) ReadAt(t *sched.Thread, p []byte, off int64) error {
	if err := f.align.check("read", off, p); err != nil {
		return err
	}
	f.step(t, sched.KindSubmit)
	n, err := f.readFull(p, off)
	f.step(t, sched.KindComplete)
	clear(p[n:])
	return err
}

// readFull reads until p is full or the file ends.
func (f *File) readFull(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		k, err := pread(f.fd, p[n:], off+int64(n))
		if err != nil {
			return n, f.failed("read", off, len(p), err)
		}
		n += k
		// A read that stops off alignment has met the end; asking again from
		// there would be EINVAL.
		if k == 0 || n%f.align.Offset != 0 {
			break
		}
	}
	return n, nil
}

// WriteAt implements Disk.
func (f *File) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	return f.writeVia(f.fd, t, p, off)
}

// writeVia is WriteAt on a descriptor of the file.
func (f *File) writeVia(fd int, t *sched.Thread, p []byte, off int64) (int, error) {
	if err := f.align.check("write", off, p); err != nil {
		return 0, err
	}
	f.step(t, sched.KindSubmit)
	n, err := f.writeFull(fd, p, off)
	raise(&f.size, off+int64(n))
	f.step(t, sched.KindComplete)
	return n, err
}

// writeFull writes all of p or returns an error.
func (f *File) writeFull(fd int, p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		k, err := pwrite(fd, p[n:], off+int64(n))
		if err == nil && k == 0 {
			err = errors.New("the system wrote nothing")
		}
		if err != nil {
			return n, f.failed("write", off, len(p), err)
		}
		n += k
	}
	return n, nil
}

// failed dresses the error of a system call.
func (f *File) failed(op string, off int64, n int, err error) error {
	if isInvalid(err) {
		err = fmt.Errorf("%w: %w", ErrAlign, err)
	}
	return fmt.Errorf("%s %s [%#x, %#x): %w", op, f.path, off, off+int64(n), err)
}

// preallocate reserves size bytes, with zeros written where the file system
// has no fallocate.
func (f *File) preallocate(size int64, fallocate func(fd int, size int64) error) error {
	if size == 0 {
		return nil
	}
	err := fallocate(f.fd, size)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	zeros := Block(1 << 20)
	for off := int64(0); off < size; off += int64(len(zeros)) {
		if _, err := f.writeFull(f.fd, zeros, off); err != nil {
			return err
		}
	}
	return f.os.Truncate(size)
}

// Truncate implements Disk.
func (f *File) Truncate(t *sched.Thread, size int64) error {
	f.step(t, sched.KindSubmit)
	defer f.step(t, sched.KindComplete)
	if err := f.os.Truncate(size); err != nil {
		return fmt.Errorf("truncate %s to %d bytes: %w", f.path, size, cause(err))
	}
	f.size.Store(size)
	return nil
}

// PunchHole implements Disk.
func (f *File) PunchHole(t *sched.Thread, off, n int64) error {
	f.step(t, sched.KindSubmit)
	defer f.step(t, sched.KindComplete)
	n = min(n, f.Size()-off)
	if n <= 0 {
		return nil
	}
	if err := punch(f.fd, off, n); err != nil {
		return fmt.Errorf("punch hole %s [%#x, %#x): %w", f.path, off, off+n, err)
	}
	return nil
}

// Sync implements Disk.
func (f *File) Sync(t *sched.Thread) error {
	f.step(t, sched.KindSubmit)
	defer f.step(t, sched.KindComplete)
	if err := datasync(f.fd); err != nil {
		return fmt.Errorf("sync %s: %w", f.path, err)
	}
	return nil
}

// Size implements Disk. It is what this File has made of it; nobody else may
// change the file.
func (f *File) Size() int64 { return f.size.Load() }

// Align implements Disk.
func (f *File) Align() Align { return f.align }

// Close implements Disk.
func (f *File) Close() error {
	err := f.os.Close()
	for _, also := range []*os.File{f.claim, f.dsync} {
		if also != nil {
			err = errors.Join(err, also.Close())
		}
	}
	return err
}

// cause is err without the operation and path that os wraps around it.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// sizeText prints a size in the largest unit that divides it.
func sizeText(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprintf("%d %s", n/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
