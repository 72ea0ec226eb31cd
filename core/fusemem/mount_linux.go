//go:build linux && (amd64 || arm64)

package fusemem

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"cohbench/core/mmu"
)

// feature is what a machine may lack.
const feature = "FUSE"

// mount is a file system that is attached nowhere.
type mount struct {
	dev  int // of /dev/fuse: its connection
	root int // the root directory
}

func (m *mount) closeDevice() {
	if m.dev >= 0 {
		_ = unix.Close(m.dev)
	}
	m.dev = -1
}

func (m *mount) close() {
	m.closeDevice()
	if m.root >= 0 {
		_ = unix.Close(m.root)
	}
	m.root = -1
}

// newMount mounts, by itself or by the help that ordinary users have.
func newMount() (mount, error) {
	m, err := mountDetached()
	if err == nil {
		return m, nil
	}
	m.close()
	m, helped := mountHelped()
	if helped == nil {
		return m, nil
	}
	m.close()
	return m, &mmu.UnsupportedError{Feature: feature, Why: err.Error() + "; " + helped.Error()}
}

// mountDetached makes a mount that never has a place in the tree: fsopen(2),
// fsmount(2), Linux 5.2. What it returns is to be closed even on errors.
func mountDetached() (m mount, err error) {
	m = mount{-1, -1}
	if m.dev, err = unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
		return m, fmt.Errorf("open /dev/fuse: %w", err)
	}
	fs, err := unix.Fsopen("fuse", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return m, fmt.Errorf("fsopen(2): %w", err)
	}
	defer func() { _ = unix.Close(fs) }()
	for _, option := range [][2]string{
		{"source", "cohbench"},
		{"subtype", "cohbench"},
		{"fd", strconv.Itoa(m.dev)},
		{"rootmode", "40000"},
		{"user_id", strconv.Itoa(os.Getuid())},
		{"group_id", strconv.Itoa(os.Getgid())},
		{"max_read", strconv.Itoa(mmu.PageSize)},
	} {
		if err := unix.FsconfigSetString(fs, option[0], option[1]); err != nil {
			return m, fmt.Errorf("fsconfig(2) of FUSE's %s: %w", option[0], err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return m, fmt.Errorf("fsconfig(2): %w", err)
	}
	m.root, err = unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return m, fmt.Errorf("fsmount(2): %w", err)
	}
	return m, nil
}

// mountHelped has fusermount3(1) mount on a directory, and takes it away at
// once: an open directory is enough. The connection comes over a socket
// (_FUSE_COMMFD). What it returns is to be closed even on errors.
func mountHelped() (m mount, err error) {
	m = mount{-1, -1}
	helper, err := exec.LookPath("fusermount3")
	if err != nil {
		return m, errors.New("no fusermount3(1) in PATH")
	}
	dir, err := os.MkdirTemp("", "cohbench-fuse-*")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return m, fmt.Errorf("socketpair(2): %w", err)
	}
	theirs := os.NewFile(uintptr(ends[1]), "socket")
	defer func() { _, _ = unix.Close(ends[0]), theirs.Close() }()
	c := exec.Command(helper, "-o", "ro,nosuid,nodev,noexec,fsname=cohbench,subtype=cohbench,max_read="+strconv.Itoa(mmu.PageSize), "--", dir)
	c.ExtraFiles = []*os.File{theirs}
	c.Env = append(os.Environ(), "_FUSE_COMMFD=3")
	if err := runHelper(c); err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, runHelper(exec.Command(helper, "-u", "-z", "--", dir))) }()
	if m.dev, err = receiveDescriptor(ends[0]); err != nil {
		return m, fmt.Errorf("the connection from fusermount3(1): %w", err)
	}
	if m.root, err = unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return m, fmt.Errorf("open a FUSE mount: %w", err)
	}
	return m, nil
}

// runHelper runs the helper, out of reach of a Ctrl-C; what it says is the
// error.
func runHelper(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("fusermount3(1): %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// receiveDescriptor takes a descriptor that was sent over a socket. Its reads do
// not block.
func receiveDescriptor(socket int) (int, error) {
	data, control := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return -1, errors.Join(err, errors.New("there is none"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.Join(err, errors.New("there is none"))
	}
	return fds[0], unix.SetNonblock(fds[0], true)
}
