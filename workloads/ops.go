package workloads

import (
	"errors"

	"cohbench/core"
)

// maxTouch is how often a direct write may find its buffer gone before it is
// given up.
const maxTouch = 1000

// WriteDirect writes the block at off of file f directly, from memory.
func (c *Context) WriteDirect(f int, off int64) {
	t := &c.files[f]
	t.beginWrite(off, len(c.buf))
	t.fill(c.buf, off)
	c.hot.Store(off)
	c.writes.Add(1)
	c.begin(OpDirectWrite)
	n, err := t.file.WriteDirect(c.Task, core.Buffer{Mem: c.buf}, off)
	at := c.end(OpDirectWrite, n, err)
	c.writes.Add(1)
	t.endWrite(at, err)
}

// CopyDirect writes the block at off of file f directly, with a mapping as the
// buffer: it first stores the block's new contents to the block at srcOff of
// the mapping of file src. Those cells then carry stamps of their destination:
// they must lie where nothing is checked (Workload.Sources), and no other task
// may use them. With cold, they are written back and dropped before the write.
//
// A write whose buffer cannot be pinned (EFAULT) is counted; then its pages
// are touched, as an application would, and the write tried again.
func (c *Context) CopyDirect(f int, off int64, src int, srcOff int64, cold bool) {
	t, s := &c.files[f], &c.files[src]
	t.beginWrite(off, len(c.buf))
	t.fill(c.buf, off)
	if c.Cache && !c.stage(s, srcOff) {
		t.endWrite(0, errNotStaged)
		return
	}
	if cold {
		c.Sync(src)
		c.Evict(src, srcOff, int64(len(c.buf)))
	}
	c.hot.Store(off)
	c.writes.Add(1)
	c.begin(OpDirectWrite)
	n, err := c.writeFrom(t, off, s, srcOff)
	at := c.end(OpDirectWrite, n, err)
	c.writes.Add(1)
	t.endWrite(at, err)
}

var errNotStaged = errors.New("source not stored")

// stage stores the buffer to the mapping of s.
func (c *Context) stage(s *target, off int64) bool {
	c.begin(OpFill)
	n, err := s.m.WriteAt(c.Task, c.buf, off)
	c.end(OpFill, n, err)
	return err == nil
}

// writeFrom is the direct write of CopyDirect. Without a cache the buffer is
// the memory that the source would have been filled from.
func (c *Context) writeFrom(t *target, off int64, s *target, srcOff int64) (int, error) {
	b := core.Buffer{Mem: c.buf}
	if c.Cache {
		b = core.Buffer{Map: s.m, Off: srcOff, Len: len(c.buf)}
	}
	n, err := t.file.WriteDirect(c.Task, b, off)
	for i := 0; i < maxTouch && errors.Is(err, core.ErrFault); i++ {
		c.stats[OpDirectWrite].errs[errFault]++
		if err := c.touch(s.m, srcOff); err != nil {
			return n, err
		}
		n, err = t.file.WriteDirect(c.Task, b, off)
	}
	return n, err
}

// touch loads one word of each page of a block.
func (c *Context) touch(m core.Mapping, off int64) error {
	for o := off; o < off+int64(len(c.buf)); o += core.PageSize {
		if _, err := m.Load(c.Task, o); err != nil {
			return err
		}
	}
	return nil
}

// ReadDirect reads the block at off of file f directly.
func (c *Context) ReadDirect(f int, off int64) {
	t := &c.files[f]
	t.beginRead(off, len(c.buf))
	c.begin(OpDirectRead)
	n, err := t.file.ReadDirect(c.Task, core.Buffer{Mem: c.buf}, off)
	c.end(OpDirectRead, n, err)
	t.endRead(c.buf[:n], c.start, err)
}

// Read reads the block at off of file f through the cache.
func (c *Context) Read(f int, off int64) {
	t := &c.files[f]
	t.beginRead(off, len(c.buf))
	c.begin(OpBufferedRead)
	n, err := t.file.ReadAt(c.Task, core.Buffer{Mem: c.buf}, off)
	c.end(OpBufferedRead, n, err)
	t.endRead(c.buf[:n], c.start, err)
}

// Write writes the block at off of file f through the cache.
func (c *Context) Write(f int, off int64) {
	t := &c.files[f]
	t.beginWrite(off, len(c.buf))
	t.fill(c.buf, off)
	c.begin(OpBufferedWrite)
	n, err := t.file.WriteAt(c.Task, core.Buffer{Mem: c.buf}, off)
	at := c.end(OpBufferedWrite, n, err)
	t.endWrite(at, err)
}

// Load loads the cell at off of the mapping of file f.
func (c *Context) Load(f int, off int64) { c.load(OpLoad, f, off) }

// Fault drops the page at off of file f from the cache and loads a cell of it.
func (c *Context) Fault(f int, off int64) {
	c.Evict(f, off, core.PageSize)
	c.load(OpFault, f, c.Cell(off, core.PageSize))
}

func (c *Context) load(op Op, f int, off int64) {
	t := &c.files[f]
	t.beginRead(off, 8)
	c.begin(op)
	v, err := t.m.Load(c.Task, off)
	c.end(op, 8, err)
	t.endLoad(v, c.start, err)
}

// Store stores to the cell at off of the mapping of file f.
func (c *Context) Store(f int, off int64) {
	t := &c.files[f]
	t.beginWrite(off, 8)
	v := t.word(off)
	c.begin(OpStore)
	err := t.m.Store(c.Task, off, v)
	at := c.end(OpStore, 8, err)
	t.endWrite(at, err)
}

// Sync is fsync of file f. Its EIO is kept for the check at rest: a loss that
// was announced is not a silent one.
func (c *Context) Sync(f int) {
	c.begin(OpSync)
	err := c.files[f].file.Sync(c.Task)
	c.endSync(OpSync, err)
}

// Msync is msync of n bytes at off of the mapping of file f. It reports errors
// as Sync does.
func (c *Context) Msync(f int, off, n int64) {
	m, ok := c.files[f].m.(core.MappingSyncer)
	if !ok {
		c.fail(OpMsync, errNoMsync)
		return
	}
	c.begin(OpMsync)
	err := m.Msync(c.Task, off, n)
	c.endSync(OpMsync, err)
}

func (c *Context) endSync(op Op, err error) {
	c.end(op, 0, err)
	if errors.Is(err, core.ErrIO) {
		c.shared.syncFailed.Store(true)
	}
}

// Operations that only some engines have. Where one lacks, that is counted.
var (
	errNoMsync = &core.UnsupportedError{Feature: "msync", Why: "the engine has none"}
	errNoZero  = &core.UnsupportedError{Feature: "zeroing a range", Why: "the engine has none"}
)

// Evict drops the clean pages of n bytes at off of file f.
func (c *Context) Evict(f int, off, n int64) {
	if !c.Cache {
		return
	}
	c.begin(OpEvict)
	err := c.files[f].file.Evict(c.Task, off, n)
	c.end(OpEvict, 0, err)
}

// Punch punches the n bytes at off out of file f.
func (c *Context) Punch(f int, off, n int64) {
	t := &c.files[f]
	t.beginZero(off, n)
	c.begin(OpPunch)
	err := t.file.PunchHole(c.Task, off, n)
	at := c.end(OpPunch, 0, err)
	t.endWrite(at, err)
}

// Zero makes the n bytes at off of file f read as zeros, in place. Where the
// file system cannot, that is counted, and the range may have changed even so.
func (c *Context) Zero(f int, off, n int64) {
	t := &c.files[f]
	z, ok := t.file.(core.ZeroRanger)
	if !ok {
		c.fail(OpZero, errNoZero)
		return
	}
	t.beginZero(off, n)
	c.begin(OpZero)
	err := z.ZeroRange(c.Task, off, n)
	at := c.end(OpZero, 0, err)
	t.endWrite(at, err)
}

// Cut truncates file f to size and brings it back to its full length: what
// lay beyond size reads as zeros then.
func (c *Context) Cut(f int, size int64) {
	t := &c.files[f]
	full := t.size
	t.beginZero(size, c.P.Size-size)
	c.begin(OpTruncate)
	err := t.file.Truncate(c.Task, size)
	at := c.end(OpTruncate, 0, err)
	t.endWrite(at, err)
	c.begin(OpTruncate)
	err = t.file.Truncate(c.Task, full)
	c.end(OpTruncate, 0, err)
}
