//go:build linux && (amd64 || arm64)

package fusemem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core/mmu"
)

// Stopper is memory like that of mmu.Stopper: a system call that uses it as
// its buffer stops wherever it meets a page that nobody has filled yet. While a
// call is stopped, whoever is to fill the page must wait for nothing that the
// call holds. Methods are for one goroutine; none of the program's own code may
// touch the memory.
type Stopper struct {
	link   int           // to the server; closed, it ends
	ended  chan struct{} // closed when the server has ended
	file   int
	mem    []byte
	src    []byte // what the memory holds, or will when it is filled
	next   int64  // page of the file that was never mapped
	cached int64  // pages of the file before it are in no cache
	// missing is the pages that nobody has filled, by their page of the file.
	missing map[int64]int64
}

// NewStopper makes a Stopper of mmu.StopperSize bytes. It needs FUSE: the right
// to mount and /dev/fuse, or fusermount3.
func NewStopper() (*Stopper, error) {
	m, err := newMount()
	if err != nil {
		return nil, err
	}
	return onMount(m)
}

// onMount makes a Stopper of a mount, which it closes.
func onMount(m mount) (*Stopper, error) {
	s := &Stopper{link: -1, file: -1, missing: map[int64]int64{}}
	if err := s.open(m); err != nil {
		return nil, errors.Join(fmt.Errorf("make memory that stops system calls: %w", err), s.Close())
	}
	return s, nil
}

// Probe says why NewStopper would fail here, or nil. It tries.
func Probe() error {
	s, err := NewStopper()
	if err != nil {
		return err
	}
	return s.Close()
}

// open needs the mount no longer than it runs.
func (s *Stopper) open(m mount) (err error) {
	defer m.close()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socketpair(2): %w", err)
	}
	s.link = ends[0]
	s.ended, err = serve(m.dev, ends[1])
	_ = unix.Close(ends[1])
	if err != nil {
		return err
	}
	// Now the server alone has the device.
	m.closeDevice()
	if s.file, err = unix.Openat(m.root, fileName, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("open the file of a FUSE mount: %w", err)
	}
	return s.mapAnonymous(nil)
}

// mapAnonymous takes all pages away, and has fresh anonymous ones at an
// address, or at any.
func (s *Stopper) mapAnonymous(at unsafe.Pointer) error {
	flags := unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	if at != nil {
		flags |= unix.MAP_FIXED
	}
	p, err := unix.MmapPtr(-1, 0, at, mmu.StopperSize, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return fmt.Errorf("mmap(2) of a buffer: %w", err)
	}
	s.mem = unsafe.Slice((*byte)(p), mmu.StopperSize)
	if err := unix.Madvise(s.mem, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		return fmt.Errorf("madvise(MADV_NOHUGEPAGE): %w", err) // EINVAL: a kernel without huge pages
	}
	return nil
}

// page is a page of the memory.
func (s *Stopper) page(page int64) []byte {
	return s.mem[page*mmu.PageSize:][:mmu.PageSize:mmu.PageSize]
}

// Arm returns memory that holds what src does, but for the pages of stops,
// which are missing. src must not change until the next Arm; it has at most
// mmu.StopperSize bytes.
//
// Preconditions: no call uses the memory.
func (s *Stopper) Arm(src []byte, stops ...int64) ([]byte, error) {
	if len(src) == 0 || len(src) > mmu.StopperSize {
		return nil, fmt.Errorf("arm a buffer of %d bytes: want some, at most %d", len(src), mmu.StopperSize)
	}
	n := len(src)
	if rest := n % mmu.PageSize; rest != 0 { // pages are filled whole
		src = append(src[:n:n], make([]byte, mmu.PageSize-rest)...)
	}
	if err := errors.Join(s.mapAnonymous(unsafe.Pointer(unsafe.SliceData(s.mem))), s.forget()); err != nil {
		return nil, err
	}
	s.src = src
	missing := make(map[int64]bool, len(stops))
	for _, page := range stops {
		missing[page] = true
	}
	// First every other page, so that neighbours do not get neighbouring frames
	// and a large write is sent in parts.
	for _, from := range []int64{0, 1} {
		for page := from; page < int64(len(src)/mmu.PageSize); page += 2 {
			if !missing[page] {
				copy(s.page(page), s.contents(page))
			}
		}
	}
	for page := range missing {
		if err := s.Empty(page); err != nil {
			return nil, err
		}
	}
	return s.mem[:n:n], nil
}

func (s *Stopper) contents(page int64) []byte {
	return s.src[page*mmu.PageSize:][:mmu.PageSize]
}

// forget has everybody forget the pages of the file that were mapped so far.
func (s *Stopper) forget() error {
	clear(s.missing)
	if s.next-s.cached > keepPages {
		if err := unix.Fadvise(s.file, 0, s.next*mmu.PageSize, unix.FADV_DONTNEED); err != nil {
			return fmt.Errorf("fadvise(POSIX_FADV_DONTNEED): %w", err)
		}
		s.cached = s.next
	}
	return s.send(s.next, nil)
}

// keepPages is how many pages of the file stay in the page cache before they
// are dropped, which has a price.
const keepPages = 1024

// Wait waits up to ms milliseconds for a call to stop, and returns the page
// that it stopped at. False: none has.
func (s *Stopper) Wait(ms int) (page int64, ok bool, err error) {
	fds := []unix.PollFd{{Fd: int32(s.link), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, ms); n == 0 || err == unix.EINTR {
		return 0, false, nil
	} else if err != nil {
		return 0, false, fmt.Errorf("poll(2) of a socket: %w", err)
	}
	var msg [8]byte
	n, _, err := unix.Recvfrom(s.link, msg[:], unix.MSG_DONTWAIT)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("recv(2) from a socket: %w", err)
	case n != len(msg):
		return 0, false, errEnded
	}
	// What has been filled meanwhile does not stop.
	page, ok = s.missing[int64(binary.NativeEndian.Uint64(msg[:]))]
	return page, ok, nil
}

// errEnded is a connection that somebody else has closed, as by
// /sys/fs/fuse/connections.
var errEnded = errors.New("the FUSE connection has ended")

// Fill gives a page its contents, and lets a call that has stopped there go on.
// A page that is there already stays.
func (s *Stopper) Fill(page int64) error {
	for at, p := range s.missing {
		if p != page {
			continue
		}
		if err := s.send(at, s.contents(page)); err != nil {
			return fmt.Errorf("fill page %d of a buffer: %w", page, err)
		}
		delete(s.missing, at)
	}
	return nil
}

// Empty takes a page away again. A call that has it pinned keeps it.
func (s *Stopper) Empty(page int64) error {
	mem := s.page(page)
	at := s.next
	s.next++
	_, err := unix.MmapPtr(s.file, at*mmu.PageSize, unsafe.Pointer(unsafe.SliceData(mem)), mmu.PageSize,
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	if err != nil {
		return fmt.Errorf("mmap(2) of a page of a FUSE file: %w", err)
	}
	// Nothing is read around it (mm/filemap.c: do_sync_mmap_readahead).
	if err := unix.Madvise(mem, unix.MADV_RANDOM); err != nil {
		return fmt.Errorf("madvise(MADV_RANDOM): %w", err)
	}
	s.missing[at] = page
	return nil
}

// send gives the server the contents of a page of the file; nil: those before
// it are not asked for again.
func (s *Stopper) send(page int64, contents []byte) error {
	msg := append(binary.NativeEndian.AppendUint64(nil, uint64(page)), contents...)
	_, err := unix.SendmsgN(s.link, msg, nil, nil, unix.MSG_NOSIGNAL)
	if err == unix.EPIPE || err == unix.ECONNRESET {
		return errEnded
	}
	return err
}

// Close ends the memory. A call that is still stopped fails.
func (s *Stopper) Close() (err error) {
	if s.link >= 0 {
		_ = unix.Close(s.link)
	}
	if s.ended != nil {
		<-s.ended
	}
	if s.mem != nil {
		err = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(s.mem)), mmu.StopperSize)
	}
	if s.file >= 0 {
		_ = unix.Close(s.file)
	}
	*s = Stopper{link: -1, file: -1}
	return err
}
