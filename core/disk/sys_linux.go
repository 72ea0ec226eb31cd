package disk

import (
	"errors"
	"os"

	"github.com/ncw/directio"
	"golang.org/x/sys/unix"
)

// openDirect opens path with O_DIRECT. EINVAL is open(2)'s word for a file
// system without it.
func openDirect(path string) (*os.File, error) {
	f, err := directio.OpenFile(path, os.O_RDWR, 0)
	if isInvalid(err) {
		return nil, &SetupError{"open for direct IO", path,
			&UnsupportedError{"O_DIRECT", "the file system " + mountProbe(path).FSType + " refuses it"},
			"name a directory on a file system with direct IO, such as ext4 or xfs"}
	}
	if err != nil {
		return nil, &SetupError{"open for direct IO", path, cause(err), createHint(err)}
	}
	return f, nil
}

// claimDevice opens a block device so that nobody else may claim it, as mounts
// and the like do: O_EXCL without O_CREAT, open(2).
func claimDevice(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|unix.O_EXCL, 0) }

// inspect says what an open file lives on; see statx(2), STATX_DIOALIGN.
func inspect(f *os.File, path string) Probe {
	p := mountProbe(path)
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &st)
	known := err == nil && st.Mask&unix.STATX_DIOALIGN != 0
	judge(&p, known, int(st.Dio_mem_align), int(st.Dio_offset_align))
	return p
}

// retry repeats a system call that a signal interrupted: tmpfs lets one stop
// fallocate, and the Go runtime sends signals all the time.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// pread and pwrite go round os.File, whose reference count is one cache line
// that all threads would share.
func pread(fd int, p []byte, off int64) (n int, err error) {
	for {
		if n, err = unix.Pread(fd, p, off); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func pwrite(fd int, p []byte, off int64) (n int, err error) {
	for {
		if n, err = unix.Pwrite(fd, p, off); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func allocate(fd int, size int64) error {
	return retry(func() error { return unix.Fallocate(fd, 0, 0, size) })
}

func punch(fd int, off, n int64) error {
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	return retry(func() error { return unix.Fallocate(fd, mode, off, n) })
}

func datasync(fd int) error {
	return retry(func() error { return unix.Fdatasync(fd) })
}

func isInvalid(err error) bool  { return errors.Is(err, unix.EINVAL) }
func isBusy(err error) bool     { return errors.Is(err, unix.EBUSY) }
func isReadOnly(err error) bool { return errors.Is(err, unix.EROFS) }
func isFull(err error) bool     { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
