package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Everything that io_uring(7) understands and this package says: system calls,
// structs and flags, from include/uapi/linux/io_uring.h. x/sys has the numbers
// of the system calls only. A test compares the sizes and offsets.

// Flags and features.
const (
	enterGetevents = 1 << 0 // IORING_ENTER_GETEVENTS; io_uring_enter(2)

	featSingleMmap = 1 << 0 // IORING_FEAT_SINGLE_MMAP, Linux 5.4; io_uring_setup(2)
	featNoDrop     = 1 << 1 // IORING_FEAT_NODROP, Linux 5.5: completions are never lost

	// Offsets for mmap(2) of a ring's descriptor.
	offRings = 0          // IORING_OFF_SQ_RING, and with featSingleMmap the completions too
	offSqes  = 0x10000000 // IORING_OFF_SQES
)

// Op is the operation of a request: IORING_OP_READ or IORING_OP_WRITE, pread(2)
// or pwrite(2); Linux 5.6. See io_uring_enter(2).
type Op uint8

// The operations.
const (
	Read  Op = 22
	Write Op = 23
)

// sqe is struct io_uring_sqe, a submission.
type sqe struct {
	opcode Op
	_      uint8  // flags
	_      uint16 // ioprio
	fd     int32
	off    uint64
	addr   uint64
	len    uint32
	_      uint32 // rw_flags
	data   uint64 // user_data
	_      [3]uint64
}

// cqe is struct io_uring_cqe, a completion.
type cqe struct {
	data  uint64 // user_data of the request
	res   int32  // what the system call would return, or an error below 0
	flags uint32
}

// params is struct io_uring_params of io_uring_setup(2).
type params struct {
	sqEntries    uint32
	cqEntries    uint32
	flags        uint32
	sqThreadCPU  uint32
	sqThreadIdle uint32
	features     uint32
	wqFd         uint32
	_            [3]uint32
	sqOff        sqOffsets
	cqOff        cqOffsets
}

// sqOffsets is struct io_sqring_offsets: where things are in the mapping.
type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array uint32
	_                                                        uint32
	_                                                        uint64
}

// cqOffsets is struct io_cqring_offsets.
type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags uint32
	_                                                        uint32
	_                                                        uint64
}

// setup is io_uring_setup(2).
func setup(entries uint32, p *params) (fd int, err error) {
	r, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// enter is io_uring_enter(2): it submits n requests and waits until there are
// min completions. It returns how many were submitted.
func enter(fd int, n, min, flags uint32) (int, error) {
	r, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(fd), uintptr(n), uintptr(min), uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}
