package workloads

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// memEngine is the obvious engine: one array of bytes under one lock is file,
// cache and mapping at once. Its twins break it, each in one way.
type memEngine struct {
	name string
	raw  bool // no cache: direct IO only

	stale     bool          // buffered reads come from a copy that direct writes do not touch
	dropNth   int           // every so many direct writes are not done, and nobody is told
	dropSyncs int           // and none any more after so many Syncs; 0: no end
	onSync    func(n int)   // called with the number of the Sync
	failSync  bool          // and Sync says EIO
	torn      bool          // stores hit half of the word
	crossed   bool          // direct writes take two locks in either order
	hangNth   int           // this direct write sleeps until it is cancelled
	slowNth   int           // every so many direct writes one takes slow
	slow      time.Duration // how long
	slowRead  time.Duration // how long the harness waits for a direct read
	errNth    int           // this direct write fails with err
	err       error
	punched   int  // counts holes
	fault     bool // the first try of a direct write from a mapping is EFAULT
}

func (e *memEngine) Name() string        { return e.name }
func (e *memEngine) Doc() string         { return "an array of bytes" }
func (e *memEngine) Claims() core.Claims { return core.Claims{} }

func (e *memEngine) MMU() string {
	if e.raw {
		return "none"
	}
	return "array"
}

func (e *memEngine) Open(g *sched.Group, b core.Backing) (core.File, error) {
	f := &memFile{e: e, data: make([]byte, b.Disk.Size())}
	f.cache = bytes.Clone(f.data)
	for i := range f.locks {
		f.locks[i].object.Name = "side"
	}
	return f, nil
}

// memFile's mapping is the file itself.
type memFile struct {
	e      *memEngine
	mu     sync.Mutex
	data   []byte
	cache  []byte // for stale
	writes int
	syncs  int
	locks  [2]sideLock
	never  sched.WaitQueue
}

// sideLock is an exclusive lock that the wait-for graph knows.
type sideLock struct {
	mu     sync.Mutex
	held   bool
	q      sched.WaitQueue
	object sched.Object
}

func (l *sideLock) try() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.held
	l.held = true
	return !was
}

func (l *sideLock) lock(t *core.Task) error {
	for {
		l.q.Prepare(t.Thread)
		if l.try() {
			l.q.Finish(t.Thread)
			t.Hold(&l.object, sched.Exclusive)
			return nil
		}
		if err := l.q.Sleep(t.Thread, &l.object, sched.Exclusive); err != nil {
			l.q.Finish(t.Thread)
			return err
		}
	}
}

func (l *sideLock) unlock(t *core.Task) {
	t.Release(&l.object, sched.Exclusive)
	l.mu.Lock()
	l.held = false
	l.mu.Unlock()
	l.q.WakeAll(t.Thread)
}

var errNoCache = &core.UnsupportedError{Feature: "buffered IO", Why: "there is no cache"}

func (f *memFile) copyOut(b core.Buffer, p []byte) (int, error) { return copy(b.Mem, p), nil }

func (f *memFile) span(off, n int64) []byte {
	size := int64(len(f.data))
	return f.data[min(off, size):min(off+n, size)]
}

func (f *memFile) ReadDirect(t *core.Task, b core.Buffer, off int64) (int, error) {
	if t.ID == 0 {
		time.Sleep(f.e.slowRead)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.copyOut(b, f.span(off, int64(b.Size())))
}

func (f *memFile) ReadAt(t *core.Task, b core.Buffer, off int64) (int, error) {
	if f.e.raw {
		return 0, errNoCache
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.e.stale {
		return f.copyOut(b, f.cache[off:off+int64(b.Size())])
	}
	return f.copyOut(b, f.span(off, int64(b.Size())))
}

func (f *memFile) put(p []byte, off int64) {
	if grow := off + int64(len(p)) - int64(len(f.data)); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	copy(f.data[off:], p)
}

func (f *memFile) WriteAt(t *core.Task, b core.Buffer, off int64) (int, error) {
	if f.e.raw {
		return 0, errNoCache
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(b.Mem, off)
	return len(b.Mem), nil
}

func (f *memFile) WriteDirect(t *core.Task, b core.Buffer, off int64) (int, error) {
	if t.ID != 0 { // the harness is not to meet the traps
		if n, done, err := f.trap(t, b); done {
			return n, err
		}
	}
	p := b.Mem
	if b.Map != nil {
		p = b.Map.(memMapping).copyOf(b.Off, int64(b.Len))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(p, off)
	return len(p), nil
}

func (f *memFile) copyOf(off, n int64) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.span(off, n))
}

// trap is what the twins do instead of a direct write.
func (f *memFile) trap(t *core.Task, b core.Buffer) (n int, done bool, err error) {
	f.mu.Lock()
	f.writes++
	nth, syncs := f.writes, f.syncs
	f.mu.Unlock()
	switch {
	case f.e.dropNth > 0 && nth%f.e.dropNth == 0 && (f.e.dropSyncs == 0 || syncs < f.e.dropSyncs):
		return b.Size(), true, nil
	case f.e.hangNth > 0 && nth == f.e.hangNth:
		f.never.Prepare(t.Thread)
		err := f.never.Sleep(t.Thread, &f.locks[0].object, sched.Exclusive)
		f.never.Finish(t.Thread)
		return 0, true, err
	case f.e.slowNth > 0 && nth%f.e.slowNth == 0:
		time.Sleep(f.e.slow)
	case f.e.errNth > 0 && nth == f.e.errNth:
		return 0, true, f.e.err
	case f.e.fault && b.Map != nil && nth%2 == 1:
		return 0, true, core.ErrFault
	case f.e.crossed:
		err := f.crossLocks(t, nth)
		return 0, err != nil, err
	}
	return 0, false, nil
}

func (f *memFile) crossLocks(t *core.Task, nth int) error {
	first, second := &f.locks[nth%2], &f.locks[1-nth%2]
	if err := first.lock(t); err != nil {
		return err
	}
	defer first.unlock(t)
	time.Sleep(time.Millisecond)
	if err := second.lock(t); err != nil {
		return err
	}
	second.unlock(t)
	return nil
}

func (f *memFile) Map(t *core.Task, off, length int64) (core.Mapping, error) {
	return memMapping{f}, nil
}

func (f *memFile) Truncate(t *core.Task, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if grow := size - int64(len(f.data)); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	f.data = f.data[:size:size]
	return nil
}

func (f *memFile) PunchHole(t *core.Task, off, n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.span(off, n))
	f.e.punched++
	return nil
}

func (f *memFile) Sync(t *core.Task) error {
	f.mu.Lock()
	f.syncs++
	n := f.syncs
	f.mu.Unlock()
	if f.e.onSync != nil {
		f.e.onSync(n)
	}
	if f.e.failSync {
		return core.ErrIO
	}
	return nil
}

// Evict of one page does nothing, so that the stale twin keeps what is stale.
func (f *memFile) Evict(t *core.Task, off, n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > core.PageSize {
		f.cache = bytes.Clone(f.data)
	}
	return nil
}

func (f *memFile) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.data))
}

func (f *memFile) Close(t *core.Task) error { return nil }

type memMapping struct{ *memFile }

func (m memMapping) Load(t *core.Task, off int64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if off >= int64(len(m.data)) {
		return 0, core.ErrBeyondEOF
	}
	return binary.LittleEndian.Uint64(m.data[off:]), nil
}

func (m memMapping) Store(t *core.Task, off int64, v uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if off >= int64(len(m.data)) {
		return core.ErrBeyondEOF
	}
	if m.e.torn {
		binary.LittleEndian.PutUint32(m.data[off:], uint32(v))
		return nil
	}
	binary.LittleEndian.PutUint64(m.data[off:], v)
	return nil
}

func (m memMapping) ReadAt(t *core.Task, p []byte, off int64) (int, error) {
	return m.ReadDirect(t, core.Buffer{Mem: p}, off)
}

func (m memMapping) WriteAt(t *core.Task, p []byte, off int64) (int, error) {
	return m.memFile.WriteAt(t, core.Buffer{Mem: p}, off)
}

func (m memMapping) Unmap(t *core.Task) error { return nil }

// memBacking is n files of the given size.
func memBacking(n int, size int64) []core.Backing {
	b := make([]core.Backing, n)
	for i := range b {
		b[i] = core.Backing{Path: string(rune('A' + i)), Disk: disk.NewMemory(size)}
	}
	return b
}

var errPlanted = errors.New("planted")
