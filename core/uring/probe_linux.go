package uring

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"cohbench/core/disk"
)

// unsupported says why there is no io_uring here.
func unsupported(why string) error {
	return &disk.UnsupportedError{Feature: "io_uring", Why: why}
}

// refused explains the errors of io_uring_setup(2).
func refused(err error) error {
	switch err {
	case unix.ENOSYS:
		return unsupported("io_uring_setup(2) is unknown (ENOSYS): the kernel is built without CONFIG_IO_URING, or a seccomp filter hides it")
	case unix.EPERM:
		return unsupported("io_uring_setup(2) is refused (EPERM): sysctl kernel.io_uring_disabled, or a seccomp filter, as containers have")
	case unix.ENOMEM:
		return unsupported("io_uring_setup(2) has no memory (ENOMEM): raise RLIMIT_MEMLOCK")
	case unix.EMFILE, unix.ENFILE:
		return unsupported("io_uring_setup(2): " + err.Error())
	}
	return fmt.Errorf("io_uring_setup(2): %w", err)
}

// Probe tries whether a ring can be had and moves data: a byte through a pipe,
// and back. A refusal Is errors.ErrUnsupported.
func Probe() error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe for a test of io_uring: %w", err)
	}
	defer func() { _ = errors.Join(unix.Close(pipe[0]), unix.Close(pipe[1])) }()
	r, err := New(1)
	if err != nil {
		return err
	}
	err = r.try(Write, pipe[1], []byte{1})
	if err == nil {
		err = r.try(Read, pipe[0], make([]byte, 1))
	}
	return errors.Join(err, r.Close())
}

// try moves one byte.
func (r *Ring) try(op Op, fd int, p []byte) error {
	r.Prepare(op, fd, p, 0, 0)
	switch res := r.Exchange(nil)[0].Res; {
	case res == -int64(unix.EINVAL):
		return unsupported(fmt.Sprintf("operation %d is unknown (EINVAL): needs Linux 5.6", op))
	case res < 0:
		return unsupported(fmt.Sprintf("operation %d: %v", op, unix.Errno(-res)))
	}
	return nil
}
