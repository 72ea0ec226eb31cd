//go:build linux && (amd64 || arm64)

package mmu

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core/sched"
)

// Userfaultfd is a Memory in hardware: the frames are the pages of a memfd, a
// VMA is a mapping of it, and an access is a CPU instruction, which faults when
// the hardware's page table says so. The kernel reports the fault through
// userfaultfd(2), and one of our goroutines resolves it.
//
// Which pages are in the cache is core's knowledge, and which translations
// exist is in the table of each VMA. The kernel's own distinction between
// MISSING (the memfd has a hole) and MINOR (no translation) is not asked: a
// look at a hole through the linear map fills it. The table may say "mapped"
// when the kernel has taken the translation away for reasons of its own (it
// moved or swapped the page); the access then faults again and is answered
// again. It never says "not mapped" of a page that is.
//
// It needs real threads: a handler works for a task on another goroutine.
type Userfaultfd struct {
	fd       uffd
	memfd    int
	refusals bool // see UserfaultfdConfig

	vmas atomic.Pointer[[]*uffdVMA]
	lin  atomic.Pointer[[]*linChunk]
	cpus atomic.Pointer[[]*CPU] // those that have used a mapping

	lock sched.SpinLock
	size int64 // of the memfd, pages; under lock

	handlers handlers
}

// linChunk is a piece of the linear map: pages through which the cache sees
// its frames. It is not registered, so that nothing faults there.
type linChunk struct {
	mem    []byte
	frames [linPages]Frame
}

// linPages is how many pages are mapped at a time.
const linPages = 512

// ProbeUserfaultfd says why NewUserfaultfd would fail here, or nil. It tries
// what is needed; it does not look at versions.
func ProbeUserfaultfd(cfg UserfaultfdConfig) error {
	m, err := NewUserfaultfd(cfg)
	if err != nil {
		return err
	}
	return m.Close()
}

// NewUserfaultfd makes an empty Memory, or returns an *UnsupportedError.
func NewUserfaultfd(cfg UserfaultfdConfig) (Memory, error) {
	findThreadID()
	fd, err := openUffd(cfg)
	if err != nil {
		return nil, err
	}
	memfd, err := newMemfd()
	if err != nil {
		fd.close()
		return nil, &UnsupportedError{"userfaultfd", "memfd_create(2): " + err.Error()}
	}
	m := &Userfaultfd{fd: fd, memfd: memfd, refusals: cfg.KernelFaults && cfg.Refusals}
	m.vmas.Store(new([]*uffdVMA))
	m.lin.Store(new([]*linChunk))
	m.cpus.Store(new([]*CPU))
	if err := m.rehearse(); err != nil {
		return nil, errors.Join(&UnsupportedError{"userfaultfd", err.Error()}, m.Close())
	}
	return m, nil
}

// newMemfd creates the file behind the pages. A kernel that does not know
// MFD_NOEXEC_SEAL (before 6.3) has nothing against its absence either.
func newMemfd() (int, error) {
	fd, err := unix.MemfdCreate("cohbench page cache", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate("cohbench page cache", unix.MFD_CLOEXEC)
	}
	return fd, err
}

// rehearse does once what every fault needs, where an error can still be told:
// UFFDIO_CONTINUE with write protection is no feature of UFFDIO_API (it came
// with Linux 6.4), so it can only be tried.
func (m *Userfaultfd) rehearse() error {
	c, err := m.chunk(0)
	if err != nil {
		return err
	}
	c.mem[0] = 1
	mem, err := m.mapUser(0, 1)
	if err != nil {
		return err
	}
	page := uintptr(unsafe.Pointer(&mem[0]))
	defer func() { _ = unix.Munmap(mem) }()
	if err := m.fd.cont(page, continueWP|continueDontWake); err != nil {
		return fmt.Errorf("UFFDIO_CONTINUE write-protected (Linux 6.4): %w", err)
	}
	if err := m.fd.protect(page, writeprotectDontWake); err != nil {
		return fmt.Errorf("UFFDIO_WRITEPROTECT: %w", err)
	}
	if err := punch(m.memfd, 0); err != nil {
		return fmt.Errorf("punch a hole into a memfd: %w", err)
	}
	return nil
}

// Name is "userfaultfd".
func (m *Userfaultfd) Name() string { return KindUserfaultfd.String() }

// Alloc returns the frame at page idx of the memfd.
func (m *Userfaultfd) Alloc(t *sched.Thread, idx int64) (*Frame, error) {
	if chunks := *m.lin.Load(); idx/linPages < int64(len(chunks)) {
		return &chunks[idx/linPages].frames[idx%linPages], nil
	}
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	c, err := m.chunk(idx / linPages)
	if err != nil {
		return nil, err
	}
	return &c.frames[idx%linPages], nil
}

// chunk returns piece i of the linear map, after mapping all up to it.
// Preconditions: m.lock is held, or nobody else knows m.
func (m *Userfaultfd) chunk(i int64) (*linChunk, error) {
	chunks := *m.lin.Load()
	for n := int64(len(chunks)); n <= i; n++ {
		if err := m.reach((n + 1) * linPages); err != nil {
			return nil, err
		}
		mem, err := unix.Mmap(m.memfd, n*linPages*PageSize, linPages*PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return nil, fmt.Errorf("map the memfd: %w", err)
		}
		noHugePages(mem)
		c := &linChunk{mem: mem}
		for j := range c.frames {
			c.frames[j] = Frame{
				Mem:      mem[j*PageSize : (j+1)*PageSize : (j+1)*PageSize],
				Fleeting: true,
				idx:      n*linPages + int64(j),
			}
		}
		chunks = append(slices.Clip(chunks), c)
		m.lin.Store(&chunks)
	}
	return chunks[i], nil
}

// noHugePages keeps the kernel from backing or mapping more than the page that
// is touched. A kernel without huge pages refuses the advice, and needs none.
func noHugePages(mem []byte) { _ = unix.Madvise(mem, unix.MADV_NOHUGEPAGE) }

// reach makes the memfd at least n pages long: a mapping may reach beyond the
// end of the file that is cached, and beyond the end of the memfd a fault
// would be a SIGBUS without any handler. Preconditions: as chunk.
func (m *Userfaultfd) reach(n int64) error {
	if n <= m.size {
		return nil
	}
	if err := retry(func() error { return unix.Ftruncate(m.memfd, n*PageSize) }); err != nil {
		return fmt.Errorf("extend the memfd to %d pages: %w", n, err)
	}
	m.size = n
	return nil
}

// retry repeats a system call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// punch makes page idx of the memfd a hole, which unmaps it everywhere.
func punch(memfd int, idx int64) error {
	return retry(func() error {
		return unix.Fallocate(memfd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, idx*PageSize, PageSize)
	})
}

// Discard gives the memory of the page back. The frame stays: it belongs to
// the place in the file.
func (m *Userfaultfd) Discard(_ *sched.Thread, f *Frame) {
	if punch(m.memfd, f.idx) != nil {
		panic("mmu: fallocate(2) does not punch a page out of the memfd")
	}
}

// Free does nothing: the frame is the place in the file, not the page.
func (m *Userfaultfd) Free(*sched.Thread, *Frame) {}

// NewVMA maps n pages of the memfd from page first and registers them.
func (m *Userfaultfd) NewVMA(t *sched.Thread, first, n int64, h Handler) (VMA, error) {
	if first < 0 || n <= 0 {
		return nil, fmt.Errorf("map [%d, %d) pages: empty or negative range", first, first+n)
	}
	if t.Deterministic() {
		return nil, &UnsupportedError{"userfaultfd under a deterministic scheduler", "its faults are handled by other goroutines"}
	}
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	mem, err := m.mapUser(first, n)
	if err != nil {
		return nil, err
	}
	v := &uffdVMA{
		mem: m, first: first, handler: h, user: mem, base: uintptr(unsafe.Pointer(&mem[0])),
		table: make([]pte, n),
	}
	v.limit.Store(n * PageSize)
	vmas := append(slices.Clip(*m.vmas.Load()), v)
	m.vmas.Store(&vmas)
	return v, nil
}

// mapUser maps and registers. Preconditions: as chunk.
func (m *Userfaultfd) mapUser(first, n int64) ([]byte, error) {
	if err := m.reach(first + n); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(m.memfd, first*PageSize, int(n*PageSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the memfd: %w", err)
	}
	noHugePages(mem)
	if err := m.fd.register(uintptr(unsafe.Pointer(&mem[0])), uintptr(len(mem)), registerAll); err != nil {
		_ = unix.Munmap(mem)
		return nil, err
	}
	return mem, nil
}

const registerAll = registerMissing | registerWP | registerMinor

func (m *Userfaultfd) remove(t *sched.Thread, v *uffdVMA) {
	m.lock.Lock(t)
	defer m.lock.Unlock(t)
	vmas := slices.DeleteFunc(slices.Clone(*m.vmas.Load()), func(o *uffdVMA) bool { return o == v })
	m.vmas.Store(&vmas)
}

// Zap removes the translations of page idx. The page stays in the memfd: it
// may be dirty, and then it stays in the cache.
func (m *Userfaultfd) Zap(t *sched.Thread, idx int64) {
	for _, v := range *m.vmas.Load() {
		v.zap(idx - v.first)
	}
}

// Protect makes the translations of page idx read-only.
func (m *Userfaultfd) Protect(t *sched.Thread, idx int64) {
	for _, v := range *m.vmas.Load() {
		v.protect(idx - v.first)
	}
}

// Close ends the handlers and gives everything back, forgotten mappings too.
func (m *Userfaultfd) Close() error {
	err := m.stopHandlers()
	m.fd.close()
	for _, v := range *m.vmas.Load() {
		v.unmap()
	}
	m.vmas.Store(new([]*uffdVMA))
	for _, c := range *m.lin.Load() {
		err = errors.Join(err, unix.Munmap(c.mem))
	}
	m.lin.Store(new([]*linChunk))
	return errors.Join(err, unix.Close(m.memfd))
}
