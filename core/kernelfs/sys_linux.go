package kernelfs

import (
	"errors"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// The system calls of the engine. Those that a signal interrupted are repeated:
// the Go runtime sends signals all the time.

func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func open(path string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|flags, 0)
		return err
	})
	return fd, err
}

// readFull calls read until p is full or the file ends. unit is what offsets must
// be multiples of.
func readFull(p []byte, off int64, unit int, read func(p []byte, off int64) (int, error)) (n int, err error) {
	for n < len(p) {
		k, err := read(p[n:], off+int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		n += k
		// A read that stops off alignment has met the end; asking again from
		// there would be EINVAL.
		if k == 0 || n%unit != 0 {
			break
		}
	}
	return n, nil
}

var errWroteNothing = errors.New("the system wrote nothing")

// writeFull calls write until it has written all of p or returns an error.
func writeFull(p []byte, off int64, write func(p []byte, off int64) (int, error)) (n int, err error) {
	for n < len(p) {
		k, err := write(p[n:], off+int64(n))
		if err == unix.EINTR {
			continue
		}
		if err == nil && k == 0 {
			err = errWroteNothing
		}
		if err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

func fsync(fd int) error { return retry(func() error { return unix.Fsync(fd) }) }

func truncate(fd int, size int64) error {
	return retry(func() error { return unix.Ftruncate(fd, size) })
}

func allocate(fd int, mode uint32, off, n int64) error {
	return retry(func() error { return unix.Fallocate(fd, mode, off, n) })
}

func dontNeed(fd int, off, n int64) error {
	return unix.Fadvise(fd, off, n, unix.FADV_DONTNEED)
}

// sizeOf is the size of a file or a block device. The offset of fd moves;
// nobody uses it.
func sizeOf(fd int) (int64, error) { return unix.Seek(fd, 0, unix.SEEK_END) }

// mmap maps a part of a file, with huge pages where they are asked for.
func mmap(fd int, off, length int64, huge bool) ([]byte, error) {
	mem, err := unix.Mmap(fd, off, int(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil || !huge {
		return mem, err
	}
	if err := unix.Madvise(mem, unix.MADV_HUGEPAGE); err != nil {
		why := "madvise(2) says " + err.Error()
		return nil, errors.Join(&core.UnsupportedError{Feature: "MADV_HUGEPAGE", Why: why}, unix.Munmap(mem))
	}
	return mem, nil
}
