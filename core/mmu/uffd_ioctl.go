//go:build linux && (amd64 || arm64)

package mmu

import (
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Everything that userfaultfd(2) understands and this package says: system
// call, ioctl numbers, structs and messages, from include/uapi/linux/userfaultfd.h.
// x/sys has the number of the system call only.
//
// An ioctl number is _IOWR(0xAA, nr, size) = 3<<30 | size<<16 | 0xAA<<8 | nr;
// the kernel refuses one whose size is not its own, and a test compares the
// sizes with those of the structs.
const (
	uffdioAPI          = 3<<30 | 24<<16 | 0xAA<<8 | 0x3f // struct uffdio_api; UFFDIO_API(2const)
	uffdioRegister     = 3<<30 | 32<<16 | 0xAA<<8 | 0x00 // struct uffdio_register; UFFDIO_REGISTER(2const)
	uffdioUnregister   = 2<<30 | 16<<16 | 0xAA<<8 | 0x01 // struct uffdio_range; UFFDIO_UNREGISTER(2const)
	uffdioWake         = 2<<30 | 16<<16 | 0xAA<<8 | 0x02 // struct uffdio_range; UFFDIO_WAKE(2const)
	uffdioCopy         = 3<<30 | 40<<16 | 0xAA<<8 | 0x03 // struct uffdio_copy; UFFDIO_COPY(2const)
	uffdioWriteprotect = 3<<30 | 24<<16 | 0xAA<<8 | 0x06 // struct uffdio_writeprotect; UFFDIO_WRITEPROTECT(2const)
	uffdioContinue     = 3<<30 | 32<<16 | 0xAA<<8 | 0x07 // struct uffdio_continue; UFFDIO_CONTINUE(2const)
	uffdioPoison       = 3<<30 | 32<<16 | 0xAA<<8 | 0x08 // struct uffdio_poison; UFFDIO_POISON(2const)

	userfaultfdNew = 0xAA << 8 // USERFAULTFD_IOC_NEW, _IO(0xAA, 0), on /dev/userfaultfd; userfaultfd(2)

	// The bits of ioctls which UFFDIO_API and UFFDIO_REGISTER return.
	hasWake, hasWriteprotect, hasContinue = 1 << 2, 1 << 6, 1 << 7

	uffdAPI = 0xAA // the version

	uffdUserModeOnly = 1 // flag of the system call

	registerMissing, registerWP, registerMinor = 1, 2, 4

	writeprotectWP, writeprotectDontWake = 1, 2 // modes of UFFDIO_WRITEPROTECT
	continueDontWake, continueWP         = 1, 2 // modes of UFFDIO_CONTINUE; WP since Linux 6.4
	poisonDontWake                       = 1    // mode of UFFDIO_POISON

	eventPagefault                      = 0x12
	flagWrite, flagWP, flagMinor uint64 = 1, 2, 4
)

// feature is a bit of UFFDIO_API; see UFFDIO_API(2const).
type feature uint64

// The features asked for. Without a required one there is no MMU; the others
// are taken where the kernel has them, because a kernel refuses a request that
// contains one it does not know.
const (
	featurePagefaultFlagWP  feature = 1 << 0
	featureMissingShmem     feature = 1 << 5
	featureThreadID         feature = 1 << 8
	featureMinorShmem       feature = 1 << 10
	featureExactAddress     feature = 1 << 11
	featureWPHugetlbfsShmem feature = 1 << 12
	featureWPUnpopulated    feature = 1 << 13
	featurePoison           feature = 1 << 14 // for refusals only

	featuresRequired = featurePagefaultFlagWP | featureMissingShmem | featureThreadID |
		featureMinorShmem | featureWPHugetlbfsShmem
	featuresWanted = featuresRequired | featureExactAddress | featureWPUnpopulated
)

// String names the features.
func (f feature) String() string {
	names := []struct {
		f    feature
		name string
	}{
		{featurePagefaultFlagWP, "PAGEFAULT_FLAG_WP"}, {featureMissingShmem, "MISSING_SHMEM"},
		{featureThreadID, "THREAD_ID"}, {featureMinorShmem, "MINOR_SHMEM (Linux 5.14)"},
		{featureExactAddress, "EXACT_ADDRESS"}, {featureWPHugetlbfsShmem, "WP_HUGETLBFS_SHMEM (Linux 5.19)"},
		{featureWPUnpopulated, "WP_UNPOPULATED"}, {featurePoison, "POISON (Linux 6.6)"},
	}
	var s []string
	for _, n := range names {
		if f&n.f != 0 {
			s = append(s, n.name)
			f &^= n.f
		}
	}
	if f != 0 {
		s = append(s, fmt.Sprintf("%#x", uint64(f)))
	}
	return strings.Join(s, ", ")
}

type uffdioAPIArg struct{ api, features, ioctls uint64 }

type uffdioRange struct{ start, len uint64 }

type uffdioRegisterArg struct {
	rng    uffdioRange
	mode   uint64
	ioctls uint64
}

type uffdioCopyArg struct {
	dst, src, len, mode uint64
	copied              int64
}

type uffdioWriteprotectArg struct {
	rng  uffdioRange
	mode uint64
}

type uffdioContinueArg struct {
	rng    uffdioRange
	mode   uint64
	mapped int64
}

type uffdioPoisonArg struct {
	rng     uffdioRange
	mode    uint64
	updated int64
}

// uffdMsg is a fault as read(2) returns it.
type uffdMsg struct {
	event   uint8
	_       [7]byte
	flags   uint64
	address uint64
	tid     uint32
	_       uint32
}

// uffd is the descriptor.
type uffd int

// openUffd opens a userfaultfd and agrees on features.
func openUffd(cfg UserfaultfdConfig) (uffd, error) {
	probe, err := newUffd(cfg)
	if err != nil {
		return -1, err
	}
	has, err := probe.handshake(0)
	probe.close() // a handshake works once for a descriptor
	if err != nil {
		return -1, err
	}
	required := featuresRequired
	if cfg.Refusals {
		required |= featurePoison
	}
	if missing := required &^ has; missing != 0 {
		return -1, &UnsupportedError{"userfaultfd", fmt.Sprintf("this kernel lacks %s", missing)}
	}
	u, err := newUffd(cfg)
	if err != nil {
		return -1, err
	}
	if _, err := u.handshake(has & (featuresWanted | required)); err != nil {
		u.close()
		return -1, err
	}
	return u, nil
}

// newUffd makes a descriptor whose reads block.
func newUffd(cfg UserfaultfdConfig) (uffd, error) {
	flags := uintptr(unix.O_CLOEXEC)
	if !cfg.KernelFaults {
		flags |= uffdUserModeOnly
	}
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, flags, 0, 0)
	if errno == unix.EPERM && cfg.KernelFaults {
		return openDevice()
	}
	if errno != 0 {
		return -1, &UnsupportedError{"userfaultfd", whyNot(errno)}
	}
	return uffd(fd), nil
}

// whyNot explains the errors of userfaultfd(2).
func whyNot(errno unix.Errno) string {
	switch errno {
	case unix.EPERM:
		return "userfaultfd(2) is refused (EPERM): a seccomp filter, as containers have, or lack of privilege"
	case unix.ENOSYS:
		return "userfaultfd(2) is unknown (ENOSYS): the kernel is built without CONFIG_USERFAULTFD, or a seccomp filter hides it"
	case unix.EINVAL:
		return "userfaultfd(2) does not know UFFD_USER_MODE_ONLY (EINVAL): needs Linux 5.11"
	}
	return "userfaultfd(2): " + errno.Error()
}

// openDevice is the other way to a userfaultfd that handles kernel faults.
func openDevice() (uffd, error) {
	const path = "/dev/userfaultfd"
	dev, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &UnsupportedError{"userfaultfd for kernel faults",
			"needs CAP_SYS_PTRACE, vm.unprivileged_userfaultfd=1 or " + path + ", which says: " + err.Error()}
	}
	defer func() { _ = unix.Close(dev) }()
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(dev), userfaultfdNew, unix.O_CLOEXEC)
	if errno != 0 {
		return -1, &UnsupportedError{"userfaultfd for kernel faults", path + ": " + errno.Error()}
	}
	return uffd(fd), nil
}

func (u uffd) close() { _ = unix.Close(int(u)) }

// ioctl repeats a call that should be repeated: EAGAIN says that the address
// space was changing, EINTR that a signal came.
func (u uffd) ioctl(req uintptr, arg unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(u), req, uintptr(arg))
		switch errno {
		case 0:
			return nil
		case unix.EAGAIN, unix.EINTR:
		default:
			return errno
		}
	}
}

// handshake asks for features and returns those that the kernel has.
func (u uffd) handshake(ask feature) (feature, error) {
	arg := uffdioAPIArg{api: uffdAPI, features: uint64(ask)}
	if err := u.ioctl(uffdioAPI, unsafe.Pointer(&arg)); err != nil {
		return 0, &UnsupportedError{"userfaultfd", fmt.Sprintf("UFFDIO_API with %s: %v", ask, err)}
	}
	return feature(arg.features), nil
}

// register has faults of the mapped range [start, start+n) reported.
func (u uffd) register(start, n uintptr, mode uint64) error {
	arg := uffdioRegisterArg{rng: uffdioRange{uint64(start), uint64(n)}, mode: mode}
	if err := u.ioctl(uffdioRegister, unsafe.Pointer(&arg)); err != nil {
		return fmt.Errorf("UFFDIO_REGISTER mode %d: %w", mode, err)
	}
	const all = hasWake | hasWriteprotect | hasContinue
	if mode&registerMinor != 0 && arg.ioctls&all != all {
		return fmt.Errorf("UFFDIO_REGISTER mode %d: only ioctls %#x for the range: %w", mode, arg.ioctls, unix.EOPNOTSUPP)
	}
	return nil
}

// unregister ends that, and wakes who waits in the range.
func (u uffd) unregister(start, n uintptr) error {
	arg := uffdioRange{uint64(start), uint64(n)}
	return u.ioctl(uffdioUnregister, unsafe.Pointer(&arg))
}

// wake has the threads that wait for the page try again.
func (u uffd) wake(page uintptr) error {
	arg := uffdioRange{uint64(page), PageSize}
	return u.ioctl(uffdioWake, unsafe.Pointer(&arg))
}

// cont installs the page of the file at the address. EEXIST: there is one.
// EFAULT: the file has a hole there.
func (u uffd) cont(page uintptr, mode uint64) error {
	arg := uffdioContinueArg{rng: uffdioRange{uint64(page), PageSize}, mode: mode}
	return u.ioctl(uffdioContinue, unsafe.Pointer(&arg))
}

// copyTo installs a page at the address, with the contents of the page at src,
// and wakes who waits for it. EEXIST: there is one.
func (u uffd) copyTo(page uintptr, src unsafe.Pointer) error {
	arg := uffdioCopyArg{dst: uint64(page), src: uint64(uintptr(src)), len: PageSize}
	return u.ioctl(uffdioCopy, unsafe.Pointer(&arg))
}

// protect makes an installed page read-only, or takes that back.
func (u uffd) protect(page uintptr, mode uint64) error {
	arg := uffdioWriteprotectArg{rng: uffdioRange{uint64(page), PageSize}, mode: mode}
	return u.ioctl(uffdioWriteprotect, unsafe.Pointer(&arg))
}

// poison has accesses to the address fail, as memory does that is broken: a
// system call's with EFAULT, those of user mode with SIGBUS. EEXIST: a page is
// installed there.
func (u uffd) poison(page uintptr) error {
	arg := uffdioPoisonArg{rng: uffdioRange{uint64(page), PageSize}, mode: poisonDontWake}
	return u.ioctl(uffdioPoison, unsafe.Pointer(&arg))
}

// read waits for the next fault. It blocks: poll(2) on a descriptor whose
// reads block reports POLLERR.
func (u uffd) read(msg *uffdMsg) error {
	for {
		n, _, errno := unix.Syscall(unix.SYS_READ, uintptr(u), uintptr(unsafe.Pointer(msg)), unsafe.Sizeof(*msg))
		switch {
		case errno == unix.EINTR || errno == unix.EAGAIN:
		case errno != 0:
			return errno
		case n == unsafe.Sizeof(*msg):
			return nil
		}
	}
}
