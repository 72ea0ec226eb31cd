package kernelfs

import (
	"errors"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/sched"
)

// aio is asynchronous direct IO, io_setup(2) and its kin (libaio without the
// library). Each task has a context of its own and one request in it.
//
// The difference to pread and pwrite is where a request ends: in an interrupt
// or a worker of the kernel, after the system call that began it has returned.
// The invalidation after a direct write is done there.
type aio struct {
	contexts sched.PerThread[atomic.Uint64] // aio_context_t, 0 before the first use
}

// iocb is struct iocb of include/uapi/linux/aio_abi.h, little-endian.
type iocb struct {
	_      uint64 // aio_data
	_, _   uint32 // aio_key, aio_rw_flags
	opcode uint16
	_      int16 // aio_reqprio
	fd     uint32
	buf    uint64
	nbytes uint64
	offset int64
	_      uint64 // aio_reserved2
	_, _   uint32 // aio_flags, aio_resfd
}

// ioEvent is struct io_event.
type ioEvent struct {
	_, _ uint64 // data, obj
	res  int64  // bytes, or an error below 0
	_    int64  // res2
}

// Operations of an iocb.
const (
	iocbPread  = 0
	iocbPwrite = 1
)

// errTaken is a request that the kernel neither took nor refused.
var errTaken = errors.New("io_submit took no request")

// do carries out one request and waits for its end.
func (a *aio) do(t *core.Task, opcode uint16, fd int, p []byte, off int64) (int, error) {
	ctx, err := a.context(t)
	if err != nil {
		return 0, err
	}
	cb := &iocb{opcode: opcode, fd: uint32(fd), buf: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), nbytes: uint64(len(p)), offset: off}
	// The kernel uses the memory after io_submit has returned. It is on the
	// heap or in a mapping, where nothing moves, and stays alive to the end.
	defer runtime.KeepAlive(p)
	if err := submit(ctx, cb); err != nil {
		return 0, err
	}
	res, err := await(ctx)
	if err != nil {
		// The request may still be under way: its memory must not be reused.
		panic("kernelfs: io_getevents failed with a request in flight")
	}
	if res < 0 {
		return 0, unix.Errno(-res)
	}
	return int(res), nil
}

// context is the task's, made at its first request.
func (a *aio) context(t *core.Task) (uint64, error) {
	own := a.contexts.Of(t.Thread)
	if ctx := own.Load(); ctx != 0 {
		return ctx, nil
	}
	var ctx uint64
	_, _, errno := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&ctx)), 0)
	switch errno {
	case 0:
		own.Store(ctx)
		return ctx, nil
	case unix.ENOSYS, unix.EPERM:
		return 0, &core.UnsupportedError{Feature: "asynchronous IO", Why: "io_setup(2) says " + errno.Error()}
	case unix.EAGAIN:
		return 0, &core.UnsupportedError{Feature: "asynchronous IO", Why: "the system has no more contexts (fs.aio-max-nr)"}
	}
	return 0, errno
}

func submit(ctx uint64, cb *iocb) error {
	list := []*iocb{cb}
	n, _, errno := unix.Syscall(unix.SYS_IO_SUBMIT, uintptr(ctx), 1, uintptr(unsafe.Pointer(&list[0])))
	switch {
	case errno != 0:
		return errno
	case n != 1:
		return errTaken
	}
	return nil
}

// await takes one event, and returns its result.
func await(ctx uint64) (int64, error) {
	var ev ioEvent
	for {
		n, _, errno := unix.Syscall6(unix.SYS_IO_GETEVENTS, uintptr(ctx), 1, 1, uintptr(unsafe.Pointer(&ev)), 0, 0)
		switch {
		case errno == unix.EINTR || errno == 0 && n == 0:
			continue
		case errno != 0:
			return 0, errno
		}
		return ev.res, nil
	}
}

// close destroys the contexts.
func (a *aio) close() (err error) {
	for i := range a.contexts.Len() {
		if ctx := a.contexts.At(i).Swap(0); ctx != 0 {
			if _, _, errno := unix.Syscall(unix.SYS_IO_DESTROY, uintptr(ctx), 0, 0); errno != 0 {
				err = errors.Join(err, errno)
			}
		}
	}
	return err
}
