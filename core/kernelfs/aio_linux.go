package kernelfs

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// aio is asynchronous direct IO, io_setup(2) and its kin (libaio without the
// library).
//
// The difference to pread and pwrite is where a request ends: in an interrupt
// or a worker of the kernel, after the system call that began it has returned.
// The invalidation after a direct write is done there.
type aio struct {
	ctx    uint64 // aio_context_t
	iocbs  []iocb
	list   []*iocb // the first prepared are iocbs in use
	events []ioEvent

	prepared int
	inFlight int
	early    []completion // done without having been waited for
	latest   []byte       // what is stored here escapes to the heap, where nothing moves
}

// iocb is struct iocb of include/uapi/linux/aio_abi.h, little-endian.
type iocb struct {
	data   uint64 // aio_data
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
	data uint64 // aio_data of the request
	_    uint64 // obj
	res  int64  // bytes, or an error below 0
	_    int64  // res2
}

// Operations of an iocb.
const (
	iocbPread  = 0
	iocbPwrite = 1
)

// openAIO makes a context for depth requests.
func openAIO(depth int) (transport, error) {
	a := &aio{iocbs: make([]iocb, depth), list: make([]*iocb, depth), events: make([]ioEvent, depth)}
	for i := range a.list {
		a.list[i] = &a.iocbs[i]
	}
	_, _, errno := unix.Syscall(unix.SYS_IO_SETUP, uintptr(depth), uintptr(unsafe.Pointer(&a.ctx)), 0)
	switch errno {
	case 0:
		return a, nil
	case unix.ENOSYS, unix.EPERM:
		return nil, &core.UnsupportedError{Feature: "asynchronous IO", Why: "io_setup(2) says " + errno.Error()}
	case unix.EAGAIN:
		return nil, &core.UnsupportedError{Feature: "asynchronous IO", Why: "the system has no more contexts (fs.aio-max-nr)"}
	}
	return nil, errno
}

func (a *aio) prepare(tag int, write bool, fd int, p []byte, off int64) {
	opcode := uint16(iocbPread)
	if write {
		opcode = iocbPwrite
	}
	a.iocbs[a.prepared] = iocb{
		data: uint64(tag), opcode: opcode, fd: uint32(fd), offset: off,
		buf: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), nbytes: uint64(len(p)),
	}
	a.prepared++
	a.latest = p
}

func (a *aio) exchange(done []completion) []completion {
	before := len(done)
	a.begin()
	done, a.early = append(done, a.early...), a.early[:0]
	if len(done) > before || a.inFlight == 0 {
		return done
	}
	return a.await(done)
}

// begin begins what is prepared. What the kernel refuses is done at once.
func (a *aio) begin() {
	for i := 0; i < a.prepared; {
		n, _, errno := unix.Syscall(unix.SYS_IO_SUBMIT, uintptr(a.ctx), uintptr(a.prepared-i), uintptr(unsafe.Pointer(&a.list[i])))
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && a.inFlight > 0: // short of memory: what is in flight will give some back
			a.early = a.await(a.early)
		case errno != 0: // it is about the first of them
			a.early = append(a.early, completion{int(a.iocbs[i].data), -int64(errno)})
			i++
		default:
			i += int(n)
			a.inFlight += int(n)
		}
	}
	a.prepared = 0
}

// await takes the events there are, at least one.
func (a *aio) await(done []completion) []completion {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_IO_GETEVENTS, uintptr(a.ctx), 1, uintptr(len(a.events)), uintptr(unsafe.Pointer(&a.events[0])), 0, 0)
		switch {
		case errno == unix.EINTR || errno == 0 && n == 0:
			continue
		case errno != 0:
			// Requests may still be under way: their memory must not be reused.
			panic("kernelfs: io_getevents failed with requests in flight")
		}
		a.inFlight -= int(n)
		for _, ev := range a.events[:n] {
			done = append(done, completion{int(ev.data), ev.res})
		}
		return done
	}
}

// close waits for what is in flight: io_destroy(2) does, but not for the
// memory of what it could cancel on the way.
func (a *aio) close() error {
	var done []completion
	for a.inFlight > 0 {
		done = a.await(done[:0])
	}
	if _, _, errno := unix.Syscall(unix.SYS_IO_DESTROY, uintptr(a.ctx), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
