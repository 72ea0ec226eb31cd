//go:build linux && (amd64 || arm64)

package mmu

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Stopper is memory for the buffer of a system call, which stops in the middle
// of the call wherever the kernel meets a page that nobody has filled yet. A
// direct write pins its buffer after the invalidation before the IO and before
// the submission, so that is where it stops (fs/iomap/direct-io.c:
// __iomap_dio_rw, block/bio.c: bio_iov_iter_get_pages).
//
// It is anonymous memory of a userfaultfd of its own. While a call is stopped,
// whoever is to fill the page must wait for nothing that the call holds.
// Methods are for one goroutine; none of the program's own code may touch the
// memory: a goroutine in a fault stops the collector.
type Stopper struct {
	fd  uffd
	mem []byte
	src []byte // what the memory holds, or will when it is filled
}

// NewStopper makes a Stopper of StopperSize bytes. It needs a userfaultfd for
// faults of the kernel: root, CAP_SYS_PTRACE, /dev/userfaultfd or
// vm.unprivileged_userfaultfd=1.
func NewStopper() (*Stopper, error) {
	fd, err := newUffd(UserfaultfdConfig{KernelFaults: true})
	if err != nil {
		return nil, err
	}
	s := &Stopper{fd: fd}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("make memory that stops system calls: %w", err), s.Close())
	}
	return s, nil
}

func (s *Stopper) open() (err error) {
	if _, err := s.fd.handshake(0); err != nil {
		return err
	}
	// poll(2) reports an error for a descriptor whose reads block.
	if err := unix.SetNonblock(int(s.fd), true); err != nil {
		return err
	}
	s.mem, err = unix.Mmap(-1, 0, StopperSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	if err := unix.Madvise(s.mem, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		return err // EINVAL: a kernel without huge pages
	}
	return s.fd.register(s.address(0), StopperSize, registerMissing)
}

func (s *Stopper) address(page int64) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s.mem))) + uintptr(page*PageSize)
}

// Arm returns memory that holds what src does, but for the pages of stops,
// which are missing. src must not change until the next Arm; it has at most
// StopperSize bytes.
//
// Preconditions: no call uses the memory.
func (s *Stopper) Arm(src []byte, stops ...int64) ([]byte, error) {
	if len(src) == 0 || len(src) > StopperSize {
		return nil, fmt.Errorf("arm a buffer of %d bytes: want some, at most %d", len(src), StopperSize)
	}
	n := len(src)
	if rest := n % PageSize; rest != 0 { // pages are filled whole
		src = append(src[:n:n], make([]byte, PageSize-rest)...)
	}
	if err := unix.Madvise(s.mem, unix.MADV_DONTNEED); err != nil {
		return nil, fmt.Errorf("madvise(MADV_DONTNEED): %w", err)
	}
	s.src = src
	missing := make(map[int64]bool, len(stops))
	for _, page := range stops {
		missing[page] = true
	}
	// First every other page, so that neighbours do not get neighbouring frames
	// and a large write is sent in parts.
	for _, from := range []int64{0, 1} {
		for page := from; page < int64(len(src)/PageSize); page += 2 {
			if missing[page] {
				continue
			}
			if err := s.Fill(page); err != nil {
				return nil, err
			}
		}
	}
	return s.mem[:n:n], nil
}

// Wait waits up to ms milliseconds for a call to stop, and returns the page
// that it stopped at. False: none has.
func (s *Stopper) Wait(ms int) (page int64, ok bool, err error) {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, ms); n == 0 || err == unix.EINTR {
		return 0, false, nil
	} else if err != nil {
		return 0, false, fmt.Errorf("poll(2) of a userfaultfd: %w", err)
	}
	var msg uffdMsg
	n, err := unix.Read(int(s.fd), unsafe.Slice((*byte)(unsafe.Pointer(&msg)), unsafe.Sizeof(msg)))
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("read(2) of a userfaultfd: %w", err)
	case n != int(unsafe.Sizeof(msg)) || msg.event != eventPagefault:
		return 0, false, fmt.Errorf("a userfaultfd says event %#x in %d bytes: not understood", msg.event, n)
	}
	return int64(uintptr(msg.address)-s.address(0)) / PageSize, true, nil
}

// Fill gives a page its contents, and lets a call that has stopped there go on.
// A page that is there already stays.
func (s *Stopper) Fill(page int64) error {
	err := s.fd.copyTo(s.address(page), unsafe.Pointer(&s.src[page*PageSize]))
	if err != nil && err != unix.EEXIST {
		return fmt.Errorf("fill page %d of a buffer (UFFDIO_COPY): %w", page, err)
	}
	return nil
}

// Empty takes a page away again. A call that has it pinned keeps it.
func (s *Stopper) Empty(page int64) error {
	if err := unix.Madvise(s.mem[page*PageSize:(page+1)*PageSize], unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("madvise(MADV_DONTNEED): %w", err)
	}
	return nil
}

// Close ends the memory. Preconditions: no call uses it.
func (s *Stopper) Close() error {
	s.fd.close()
	if s.mem == nil {
		return nil
	}
	mem := s.mem
	s.mem = nil
	return unix.Munmap(mem)
}
