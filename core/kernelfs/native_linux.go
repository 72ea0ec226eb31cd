package kernelfs

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// native is the Native of Linux.
type native struct {
	path string
	fd   int
	mem  []byte
	pipe [2]int
	null int // where unpinned pages go
}

// OpenNative maps the file at path, which has whole pages and is not empty.
func OpenNative(path string) (Native, error) {
	n := &native{path: path, fd: -1, pipe: [2]int{-1, -1}, null: -1}
	if err := n.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", path, err), n.Close())
	}
	return n, nil
}

func (n *native) open() (err error) {
	if n.fd, err = open(n.path, 0); err != nil {
		return err
	}
	size, err := sizeOf(n.fd)
	if err != nil {
		return err
	}
	if n.mem, err = unix.Mmap(n.fd, 0, int(size), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return err
	}
	// No readahead: a page comes alone, as the models' pages do.
	if err := errors.Join(unix.Madvise(n.mem, unix.MADV_RANDOM), unix.Fadvise(n.fd, 0, 0, unix.FADV_RANDOM)); err != nil {
		return err
	}
	if err := unix.Pipe2(n.pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return fmt.Errorf("pipe2(2): %w", err)
	}
	n.null, err = open("/dev/null", 0)
	return err
}

func (n *native) Touch(offs []int64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = n.unreadable(p)
		}
	}()
	for _, off := range offs {
		load64(unsafe.Pointer(&n.mem[off]))
	}
	return nil
}

// unreadable is the error for a SIGBUS. Any other panic goes on.
func (n *native) unreadable(p any) error {
	if _, ok := p.(interface{ Addr() uintptr }); !ok {
		panic(p)
	}
	return fmt.Errorf("load from a mapping of %s: %w", n.path, core.ErrIO)
}

func (n *native) Unmap(offs []int64) error {
	for _, off := range offs {
		if err := unix.Madvise(n.page(off), unix.MADV_DONTNEED); err != nil {
			return fmt.Errorf("madvise(MADV_DONTNEED): %w", err)
		}
	}
	return nil
}

func (n *native) page(off int64) []byte { return n.mem[off : off+core.PageSize] }

func (n *native) Evict(offs []int64) error {
	for _, off := range offs {
		if err := unix.Madvise(n.page(off), unix.MADV_DONTNEED); err != nil {
			return fmt.Errorf("madvise(MADV_DONTNEED): %w", err)
		}
		if err := dontNeed(n.fd, off, core.PageSize); err != nil {
			return fmt.Errorf("posix_fadvise(POSIX_FADV_DONTNEED): %w", err)
		}
	}
	return nil
}

func (n *native) Gone(offs []int64) error {
	for _, off := range offs {
		var resident byte
		_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&n.mem[off])), core.PageSize, uintptr(unsafe.Pointer(&resident)))
		if errno != 0 {
			return fmt.Errorf("mincore(2): %w", errno)
		}
		if resident&1 != 0 {
			return &core.UnsupportedError{Feature: "dropping a page from the page cache",
				Why: "it stays there after posix_fadvise(POSIX_FADV_DONTNEED), as on tmpfs"}
		}
	}
	return nil
}

func (n *native) Pin(off int64, pages int) error {
	buf := n.mem[off : off+int64(pages)*core.PageSize]
	iov := unix.Iovec{Base: &buf[0]}
	iov.SetLen(len(buf))
	k, err := unix.Vmsplice(n.pipe[1], []unix.Iovec{iov}, unix.SPLICE_F_NONBLOCK)
	if err == nil && k != len(buf) {
		err = fmt.Errorf("%d of %d bytes", k, len(buf))
	}
	if err != nil {
		return fmt.Errorf("vmsplice(2): %w", err)
	}
	return nil
}

// Unpin moves what is in the pipe to /dev/null, which looks at none of it.
func (n *native) Unpin() error {
	for {
		k, err := unix.Splice(n.pipe[0], nil, n.null, nil, MaxPin*core.PageSize, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == unix.EAGAIN || err == nil && k == 0:
			return nil
		case err != nil && err != unix.EINTR:
			return fmt.Errorf("splice(2) to /dev/null: %w", err)
		}
	}
}

func (n *native) Close() (err error) {
	if n.mem != nil {
		err = unix.Munmap(n.mem)
		n.mem = nil
	}
	for _, fd := range []*int{&n.fd, &n.pipe[0], &n.pipe[1], &n.null} {
		if *fd >= 0 {
			err = errors.Join(err, unix.Close(*fd))
			*fd = -1
		}
	}
	return err
}
