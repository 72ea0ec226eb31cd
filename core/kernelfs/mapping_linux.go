package kernelfs

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// mapping is one shared mapping of a file, accessed by plain loads and stores.
type mapping struct {
	file *file
	mem  []byte
	off  int64 // of its start in the file
}

// access is one access under way, which may end in SIGBUS.
type access struct {
	m   *mapping
	t   *core.Task
	op  string
	off int64 // in the mapping
	n   int
	old bool // of debug.SetPanicOnFault
}

// errRange is an access outside of its mapping: a mistake of the caller.
var errRange = errors.New("outside of the mapping")

func (m *mapping) check(op string, off int64, n int) error {
	if off < 0 || off+int64(n) > int64(len(m.mem)) {
		return fmt.Errorf("%s [%#x, %#x) of a mapping of %d bytes: %w", op, off, off+int64(n), len(m.mem), errRange)
	}
	return nil
}

// begin opens an access; the caller defers its end.
func (m *mapping) begin(t *core.Task, op string, off int64, n int) access {
	a := access{m: m, t: t, op: op, off: off, n: n}
	m.file.exposed.BeginAccess(t, m.off+off, int64(n))
	a.old = debug.SetPanicOnFault(true)
	return a
}

// end closes an access. If the kernel has answered it with a signal, that is
// the error of the access.
func (a access) end(err *error) {
	debug.SetPanicOnFault(a.old)
	a.m.file.exposed.EndAccess(a.t)
	if p := recover(); p != nil {
		*err = a.fault(p)
	}
}

// fault is the error for a SIGBUS at an address of the mapping. Any other
// panic goes on.
func (a access) fault(p any) error {
	f, ok := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	base := uintptr(unsafe.Pointer(unsafe.SliceData(a.m.mem)))
	if !ok || f.Addr() < base || f.Addr() >= base+uintptr(len(a.m.mem)) {
		panic(p)
	}
	at := a.m.off + int64(f.Addr()-base)
	return a.m.file.failed(a.op, a.m.off+a.off, a.n, a.m.file.busError(at))
}

// busError is why an access at an offset of the file failed: because the page
// lay wholly beyond its end, or because it could not be read, or not be made
// writable (no space for a hole). The signal does not tell, and by now other
// tasks may have moved the end. So only where the file never ended is it
// certain that the page failed; elsewhere the end is taken for the cause.
func (f *file) busError(at int64) error {
	if at >= (f.shortest.Load()+core.PageSize-1)/core.PageSize*core.PageSize {
		return core.ErrBeyondEOF
	}
	return core.ErrIO
}

// Load is one MOV.
func (m *mapping) Load(t *core.Task, off int64) (v uint64, err error) {
	if err := m.check("load", off, 8); err != nil {
		return 0, err
	}
	defer m.begin(t, "load", off, 8).end(&err)
	return load64(m.at(off)), nil
}

// Store is one MOV.
func (m *mapping) Store(t *core.Task, off int64, v uint64) (err error) {
	if err := m.check("store", off, 8); err != nil {
		return err
	}
	defer m.begin(t, "store", off, 8).end(&err)
	store64(m.at(off), v)
	return nil
}

// ReadAt copies word by word. When it meets the end of the file it says how
// many bytes of whole pages came before.
func (m *mapping) ReadAt(t *core.Task, p []byte, off int64) (n int, err error) {
	if err := m.check("copy out", off, len(p)); err != nil {
		return 0, err
	}
	defer m.begin(t, "copy out", off, len(p)).end(&err)
	for n < len(p) {
		k := toPageEnd(off+int64(n), len(p)-n)
		copyWords(unsafe.Pointer(&p[n]), m.at(off+int64(n)), k)
		n += k
	}
	return n, nil
}

// WriteAt copies as ReadAt does.
func (m *mapping) WriteAt(t *core.Task, p []byte, off int64) (n int, err error) {
	if err := m.check("copy in", off, len(p)); err != nil {
		return 0, err
	}
	defer m.begin(t, "copy in", off, len(p)).end(&err)
	for n < len(p) {
		k := toPageEnd(off+int64(n), len(p)-n)
		copyWords(m.at(off+int64(n)), unsafe.Pointer(&p[n]), k)
		n += k
	}
	return n, nil
}

// toPageEnd is how many of n bytes at off lie in its page.
func toPageEnd(off int64, n int) int {
	return int(min(core.PageSize-off%core.PageSize, int64(n)))
}

func (m *mapping) at(off int64) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(m.mem)), off)
}

// Msync implements core.MappingSyncer. What it reports, it takes from the
// descriptor that was mapped; Sync has its own.
func (m *mapping) Msync(_ *core.Task, off, n int64) error {
	if err := m.check("msync", off, int(n)); err != nil {
		return err
	}
	err := retry(func() error { return unix.Msync(m.mem[off:off+n], unix.MS_SYNC) })
	if err != nil {
		return m.file.failed("msync", m.off+off, int(n), err)
	}
	return nil
}

// Unmap is munmap(2).
func (m *mapping) Unmap(t *core.Task) error { return m.file.unmap(t, m) }

// zap drops the page-table entries of the n bytes at off of the file; what was
// dirty stays so in the cache.
func (m *mapping) zap(off, n int64) error {
	from := max(off-m.off, 0)
	to := min(off+n-m.off, int64(len(m.mem)))
	if from >= to {
		return nil
	}
	return unix.Madvise(m.mem[from/core.PageSize*core.PageSize:to], unix.MADV_DONTNEED)
}

// load64, store64 and copyWords are plain accesses, each of an aligned word
// single on amd64 and arm64. That tasks race for the words is what is being
// measured, so the race detector is not told.
//
//go:norace
//go:noinline
func load64(p unsafe.Pointer) uint64 { return *(*uint64)(p) }

//go:norace
//go:noinline
func store64(p unsafe.Pointer, v uint64) { *(*uint64)(p) = v }

// copyWords copies n bytes, in words as far as they go.
//
//go:norace
//go:noinline
func copyWords(dst, src unsafe.Pointer, n int) {
	i := 0
	for ; i+8 <= n; i += 8 {
		*(*uint64)(unsafe.Add(dst, i)) = *(*uint64)(unsafe.Add(src, i))
	}
	for ; i < n; i++ {
		*(*byte)(unsafe.Add(dst, i)) = *(*byte)(unsafe.Add(src, i))
	}
}
