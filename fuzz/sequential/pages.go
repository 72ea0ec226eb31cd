package sequential

import (
	"bytes"
	"encoding/binary"
	"errors"

	"cohbench/core"
	"cohbench/core/disk"
)

// pageModel is a file of an engine beside the bytes that it must hold.
type pageModel struct {
	file    core.File
	mapping core.Mapping // of maxSize bytes from 0; nil if the engine has none
	disk    *disk.Memory
	policy  *core.Policy // of an engine with a cache
	want    []byte       // the file; its length is the size
	stamp   uint64
}

// inFile reports whether n bytes at off lie wholly inside the file.
func (m *pageModel) inFile(off, n int64) bool { return off+n <= int64(len(m.want)) }

// fill makes n bytes that no other operation has written.
func (m *pageModel) fill(n int64) []byte {
	p := disk.Block(int(n))
	for i := range p {
		if i%8 == 0 {
			m.stamp += 0x9e3779b97f4a7c15
		}
		p[i] = byte(m.stamp >> (i % 8 * 8))
	}
	return p
}

// put writes p to the model, which grows.
func (m *pageModel) put(p []byte, off int64) {
	m.resize(max(int64(len(m.want)), off+int64(len(p))))
	copy(m.want[off:], p)
}

// resize cuts the model off, or adds zeros.
func (m *pageModel) resize(size int64) {
	old := int64(len(m.want))
	m.want = m.want[:size]
	if size > old {
		clear(m.want[old:])
	}
}

// do runs one operation and compares.
func (m *pageModel) do(t *core.Task, o op) error {
	err := m.dispatch(t, o)
	if errors.Is(err, errors.ErrUnsupported) && m.mapping == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if got, want := m.file.Size(), int64(len(m.want)); got != want {
		return differ("fuzz: the size of the file is wrong", "size %#x, want %#x", got, want)
	}
	return nil
}

func (m *pageModel) dispatch(t *core.Task, o op) error {
	switch o.kind {
	case readBuffered, readDirect:
		return m.read(t, o)
	case writeBuffered, writeDirect:
		return m.write(t, o)
	case truncate:
		return m.truncate(t, o.size)
	case punchHole:
		return m.punch(t, o)
	case syncFile:
		return m.sync(t)
	case evict:
		return m.file.Evict(t, o.off, o.n)
	}
	if m.mapping == nil {
		return nil
	}
	switch o.kind {
	case load:
		return m.load(t, o.off)
	case store:
		return m.store(t, o.off)
	case readMapped:
		return m.readMapped(t, o.off, o.n)
	default:
		return m.writeMapped(t, o)
	}
}

// usable reports whether the mapping can be the operation's buffer: inside the
// file, and apart from the range read or written.
func (m *pageModel) usable(o op) bool {
	return m.mapping != nil && m.inFile(o.src, o.n) && (o.src+o.n <= o.off || o.off+o.n <= o.src)
}

// buffer is the memory of an operation: p, or the mapping.
func (o op) buffer(p []byte, mapping core.Mapping) core.Buffer {
	if o.mapped {
		return core.Buffer{Map: mapping, Off: o.src, Len: int(o.n)}
	}
	return core.Buffer{Mem: p}
}

// read reads into memory or into the mapping, which then holds what was read.
func (m *pageModel) read(t *core.Task, o op) error {
	if o.mapped && !m.usable(o) {
		return nil
	}
	call := m.file.ReadAt
	if o.kind == readDirect {
		call = m.file.ReadDirect
	}
	p := disk.Block(int(o.n))
	n, err := call(t, o.buffer(p, m.mapping), o.off)
	if err != nil {
		return err
	}
	end := min(o.off+o.n, int64(len(m.want)))
	want := m.want[min(o.off, end):end]
	if n != len(want) {
		return differ("fuzz: a read has the wrong length", "%d bytes, want %d", n, len(want))
	}
	if o.mapped {
		m.put(want, o.src)
		return m.adoptZeros(t, o.src+int64(n), o.src+o.n)
	}
	return compare("fuzz: a read returned other bytes than were written", p[:n], want, o.off)
}

// adoptZeros makes zeros of those bytes that the mapping shows as zeros: a
// direct read that meets the end of the file may clear the rest of its buffer,
// as Linux does (fs/iomap/direct-io.c: iomap_dio_hole_iter).
func (m *pageModel) adoptZeros(t *core.Task, start, end int64) error {
	p := make([]byte, end-start)
	if _, err := m.mapping.ReadAt(t, p, start); err != nil {
		return err
	}
	for i, b := range p {
		if b == 0 {
			m.want[start+int64(i)] = 0
		}
	}
	return m.readMapped(t, start, end-start)
}

// write writes from memory, or from the mapping, whose bytes then stand twice.
func (m *pageModel) write(t *core.Task, o op) error {
	if o.mapped {
		return m.writeFromMapping(t, o)
	}
	p := m.fill(o.n)
	n, err := m.writer(o.kind)(t, o.buffer(p, nil), o.off)
	return m.wrote(p, n, o.off, err)
}

func (m *pageModel) writer(k kind) func(*core.Task, core.Buffer, int64) (int, error) {
	if k == writeDirect {
		return m.file.WriteDirect
	}
	return m.file.WriteAt
}

// wrote takes over what a write of p has written.
func (m *pageModel) wrote(p []byte, n int, off int64, err error) error {
	if n > 0 {
		m.put(p[:n], off)
	}
	if err == nil && n != len(p) {
		return differ("fuzz: a write is short and says nothing", "%d bytes, want %d", n, len(p))
	}
	return err
}

// writeFromMapping writes from the mapping of the file itself. For a direct
// write, a buffer page that is not resident makes the engines with a task
// context say EFAULT, and the one without it wait for itself: there the buffer
// is always touched before.
func (m *pageModel) writeFromMapping(t *core.Task, o op) error {
	if !m.usable(o) {
		return nil
	}
	direct := o.kind == writeDirect
	resident := o.touch || direct && m.deadlocks()
	if direct && m.deadlocks() && o.sharesPage() {
		return nil
	}
	if resident {
		if err := m.readMapped(t, o.src, o.n); err != nil {
			return err
		}
	}
	p := bytes.Clone(m.want[o.src : o.src+o.n])
	n, err := m.writer(o.kind)(t, o.buffer(nil, m.mapping), o.off)
	if errors.Is(err, core.ErrFault) && direct && m.mayFault() && (!resident || o.sharesPage()) {
		m.put(p[:n], o.off)
		return nil
	}
	return m.wrote(p, n, o.off, err)
}

// sharesPage reports whether a page holds some of the buffer and some of the
// range: the invalidation of the range then drops the page from the buffer.
func (o op) sharesPage() bool {
	first, last := o.src/core.PageSize, (o.src+o.n-1)/core.PageSize
	return first <= (o.off+o.n-1)/core.PageSize && o.off/core.PageSize <= last
}

// mayFault reports whether EFAULT is an answer to a direct write.
func (m *pageModel) mayFault() bool { return m.policy.Lock != nil && m.policy.Context != nil }

// deadlocks reports whether a direct write would wait for itself instead.
func (m *pageModel) deadlocks() bool {
	return m.policy.Lock != nil && m.policy.Context == nil && m.policy.Pin == core.PinUnderLock
}

func (m *pageModel) load(t *core.Task, off int64) error {
	got, err := m.mapping.Load(t, off)
	if page := off &^ (core.PageSize - 1); page >= int64(len(m.want)) {
		return beyondEOF(err)
	}
	if err != nil || !m.inFile(off, 8) {
		return err
	}
	if want := binary.NativeEndian.Uint64(m.want[off:]); got != want {
		return differ("fuzz: a load returned other bytes than were written", "at %#x: %#x, want %#x", off, got, want)
	}
	return nil
}

// store leaves out words that are not wholly inside the file: what becomes of
// bytes beyond the end is anybody's guess.
func (m *pageModel) store(t *core.Task, off int64) error {
	if page := off &^ (core.PageSize - 1); page >= int64(len(m.want)) {
		return beyondEOF(m.mapping.Store(t, off, 0))
	}
	if !m.inFile(off, 8) {
		return nil
	}
	p := m.fill(8)
	if err := m.mapping.Store(t, off, binary.NativeEndian.Uint64(p)); err != nil {
		return err
	}
	m.put(p, off)
	return nil
}

func beyondEOF(err error) error {
	if errors.Is(err, core.ErrBeyondEOF) {
		return nil
	}
	return differ("fuzz: an access beyond the end of the file has no SIGBUS", "%v", err)
}

func (m *pageModel) readMapped(t *core.Task, off, n int64) error {
	n = min(n, int64(len(m.want))-off)
	if n <= 0 {
		return nil
	}
	p := make([]byte, n)
	if _, err := m.mapping.ReadAt(t, p, off); err != nil {
		return err
	}
	return compare("fuzz: a mapping shows other bytes than were written", p, m.want[off:off+n], off)
}

func (m *pageModel) writeMapped(t *core.Task, o op) error {
	n := min(o.n, int64(len(m.want))-o.off)
	if n <= 0 {
		return nil
	}
	p := m.fill(n)
	if _, err := m.mapping.WriteAt(t, p, o.off); err != nil {
		return err
	}
	m.put(p, o.off)
	return nil
}

func (m *pageModel) truncate(t *core.Task, size int64) error {
	if err := m.file.Truncate(t, size); err != nil {
		return err
	}
	m.resize(size)
	return nil
}

func (m *pageModel) punch(t *core.Task, o op) error {
	if err := m.file.PunchHole(t, o.off, o.n); err != nil {
		return err
	}
	end := min(o.off+o.n, int64(len(m.want)))
	clear(m.want[min(o.off, end):end])
	return nil
}

// sync leaves on the disk what is in the model.
func (m *pageModel) sync(t *core.Task) error {
	if err := m.file.Sync(t); err != nil {
		return err
	}
	p := make([]byte, maxSize)
	if err := m.disk.ReadAt(t.Thread, p, 0); err != nil {
		return err
	}
	return compare("fuzz: the disk has other bytes than were written", p[:len(m.want)], m.want, 0)
}

// finish looks at the whole file in every way there is.
func (m *pageModel) finish(t *core.Task) error {
	all := op{off: 0, n: maxSize}
	for _, k := range []kind{readBuffered, readMapped, readDirect, syncFile, readDirect, evict, readBuffered, readMapped} {
		all.kind = k
		if err := m.do(t, all); err != nil {
			return err
		}
	}
	if m.mapping != nil {
		if err := m.mapping.Unmap(t); err != nil {
			return err
		}
	}
	return m.file.Close(t)
}
