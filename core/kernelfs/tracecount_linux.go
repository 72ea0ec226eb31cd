package kernelfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// traceCount counts, for one inode, what became of its direct IO. It has a
// counter on each CPU for each of three tracepoints of iomap, the code that
// direct IO goes through on ext2, ext4, xfs, btrfs, f2fs and others
// (fs/iomap/direct-io.c). It sees every thread, workers of the kernel included;
// nothing is sampled, and all of it goes when the descriptors close. It is
// perf_event_open(2), and wants CAP_PERFMON.
//
// Each event costs the write that causes it about 0.2 µs; everybody else's
// direct IO on the machine pays for a filter that does not match.
//
// The filter is the inode's number without its device: what stat(2) calls the
// device is not what the tracepoints do, on btrfs and overlay. So direct writes
// to a file of the same number on another file system would be counted, too.
type traceCount struct {
	begun   []int // descriptors, one per CPU: a read or a write entered iomap's direct path
	refused []int // pages in a write's way could not be invalidated: it is to be a buffered one
	nothing []int // a write ended without a byte moved: the file system wants it buffered (a hole, without extents)
}

// iomapEvents says which events a traceCount counts: where its counters go, and
// a filter beside the inode's. Writes cannot be told from reads: IOCB_WRITE is
// not set for pwrite(2). A read never ends with nothing: one beyond the end does
// not get that far.
var iomapEvents = []struct {
	name, filter string
	fds          func(*traceCount) *[]int
}{
	{"iomap_dio_rw_begin", "", func(c *traceCount) *[]int { return &c.begun }},
	{"iomap_dio_invalidate_fail", "", func(c *traceCount) *[]int { return &c.refused }},
	{"iomap_dio_complete", " && ret == 0", func(c *traceCount) *[]int { return &c.nothing }},
}

// openTraceCount begins to count for an inode. An error Is
// errors.ErrUnsupported where the machine, or the caller's rights, are at fault.
func openTraceCount(inode uint64) (*traceCount, error) {
	cpus, err := onlineCPUs()
	if err != nil {
		return nil, err
	}
	events, err := openTracefs()
	if err != nil {
		return nil, err
	}
	defer unix.Close(events)
	c := &traceCount{}
	for _, e := range iomapEvents {
		if err := openOnCPUs(e.fds(c), events, e.name, fmt.Sprintf("ino == %d%s", inode, e.filter), cpus); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// openOnCPUs adds a counter on every CPU to fds.
func openOnCPUs(fds *[]int, events int, name, filter string, cpus []int) error {
	format, err := readAt(events, "iomap/"+name+"/format")
	if err != nil {
		return untraceable("the kernel has no tracepoint iomap:" + name)
	}
	id, err := parseFormat(format)
	if err != nil {
		return untraceable("tracepoint iomap:" + name + ": " + err.Error())
	}
	for _, cpu := range cpus {
		attr := &unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Bits: unix.PerfBitDisabled}
		fd, err := unix.PerfEventOpen(attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if err != nil {
			return untraceable("perf_event_open(2) says " + err.Error())
		}
		*fds = append(*fds, fd)
		if err := setFilter(fd, filter); err != nil {
			return untraceable(fmt.Sprintf("tracepoint iomap:%s takes no filter %q: %v", name, filter, err))
		}
		// Not before: setting the filter waits for RCU, and until then everybody's direct IO is counted.
		if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
			return untraceable(fmt.Sprintf("tracepoint iomap:%s is not enabled: %v", name, err))
		}
	}
	return nil
}

func untraceable(why string) error {
	return &core.UnsupportedError{Feature: "counting the direct writes that the system buffers", Why: why}
}

// setFilter is the ioctl PERF_EVENT_IOC_SET_FILTER, _IOW('$', 6, char *).
func setFilter(fd int, filter string) error {
	p, err := unix.BytePtrFromString(filter)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.PERF_EVENT_IOC_SET_FILTER, uintptr(unsafe.Pointer(p))); errno != 0 {
		return errno
	}
	return nil
}

var formatID = regexp.MustCompile(`(?m)^ID: (\d+)$`)

// parseFormat takes the number of an event from its format file.
func parseFormat(text string) (id uint64, err error) {
	m := formatID.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("its format file has no ID")
	}
	return strconv.ParseUint(m[1], 10, 64)
}

// openTracefs opens the directory of events. Where tracefs is not mounted it is
// mounted nowhere: the mount goes with its descriptor (fsmount(2)).
func openTracefs() (int, error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	for _, dir := range []string{"/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"} {
		if fd, err := unix.Open(dir, flags, 0); err == nil {
			return fd, nil
		}
	}
	why := func(call string, err error) error {
		return untraceable("tracefs is not to be had: " + call + " says " + err.Error())
	}
	fs, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, why("fsopen(2)", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, why("fsconfig(2)", err)
	}
	root, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY)
	if err != nil {
		return -1, why("fsmount(2)", err)
	}
	defer unix.Close(root)
	fd, err := unix.Openat(root, "events", flags, 0)
	if err != nil {
		return -1, why("openat(2)", err)
	}
	return fd, nil
}

// readAt reads a small file of a directory.
func readAt(dir int, name string) (string, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	p := make([]byte, 64<<10)
	n := 0
	for n < len(p) {
		k, err := unix.Read(fd, p[n:])
		if err != nil {
			return "", err
		}
		if k == 0 {
			break
		}
		n += k
	}
	return string(p[:n]), nil
}

// onlineCPUs reads a list such as 0-3,6.
func onlineCPUs() ([]int, error) {
	const path = "/sys/devices/system/cpu/online"
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, untraceable(err.Error())
	}
	cpus, err := parseCPUs(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, untraceable(path + ": " + err.Error())
	}
	return cpus, nil
}

func parseCPUs(list string) (cpus []int, err error) {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err = errors.Join(err, err2); err != nil {
			return nil, err
		}
		for cpu := from; cpu <= to; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// read is the counts so far.
func (c *traceCount) read() (begun, refused, nothing int64, err error) {
	for _, e := range []struct {
		fds []int
		n   *int64
	}{{c.begun, &begun}, {c.refused, &refused}, {c.nothing, &nothing}} {
		if *e.n, err = sumCounters(e.fds); err != nil {
			return 0, 0, 0, fmt.Errorf("read a counter of tracepoints: %w", err)
		}
	}
	return begun, refused, nothing, nil
}

// sumCounters reads one 64-bit count from each descriptor.
func sumCounters(fds []int) (sum int64, err error) {
	var p [8]byte
	for _, fd := range fds {
		n, err := unix.Read(fd, p[:])
		if err != nil {
			return 0, err
		}
		if n != len(p) {
			return 0, unix.EIO
		}
		sum += int64(binary.NativeEndian.Uint64(p[:]))
	}
	return sum, nil
}

func (c *traceCount) close() (err error) {
	for _, e := range iomapEvents {
		for _, fd := range *e.fds(c) {
			err = errors.Join(err, unix.Close(fd))
		}
	}
	return err
}
