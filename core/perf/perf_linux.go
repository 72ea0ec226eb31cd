package perf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// event is a counter as the kernel knows it (linux/perf_event.h).
type event struct {
	name   string
	kind   uint32
	config uint64
}

var events = []event{
	{Instructions, unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_INSTRUCTIONS},
	{Cycles, unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CPU_CYCLES},
	{CacheMisses, unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CACHE_MISSES},
	{TaskClock, unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_TASK_CLOCK},
}

// Counters counts for all threads of the process. A counter is opened for each
// thread that there is; those that they start later inherit it.
type Counters struct {
	fds     map[string][]int // by name, one for each thread
	Missing map[string]string
}

// Open begins to count whatever can be counted.
func Open() *Counters {
	c := &Counters{fds: map[string][]int{}, Missing: map[string]string{}}
	for _, e := range events {
		if err := c.open(e); err != nil {
			c.Missing[e.name] = missing(err)
		}
	}
	return c
}

// open opens a counter, without the kernel's share if that is not to be had.
func (c *Counters) open(e event) error {
	fds, err := openAll(e, 0)
	name := e.name
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		fds, err = openAll(e, unix.PerfBitExcludeKernel|unix.PerfBitExcludeHv)
		name += UserOnly
	}
	if err == nil {
		c.fds[name] = fds
	}
	return err
}

// openAll opens an event for every thread, those included that are started by
// one of which it has not been opened yet.
func openAll(e event, bits uint64) ([]int, error) {
	attr := unix.PerfEventAttr{
		Type: e.kind, Config: e.config, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Bits:        bits | unix.PerfBitInherit,
		Read_format: unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
	}
	counted := map[int]int{} // descriptors by thread
	for again := true; again; {
		again = false
		tids, err := threads()
		for _, tid := range tids {
			if _, ok := counted[tid]; ok || err != nil {
				continue
			}
			var fd int
			fd, err = unix.PerfEventOpen(&attr, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
			if errors.Is(err, unix.ESRCH) { // it has ended
				err = nil
				continue
			}
			counted[tid], again = fd, err == nil
		}
		if err != nil {
			closeAll(slices.Collect(maps.Values(counted)))
			return nil, err
		}
	}
	return slices.Collect(maps.Values(counted)), nil
}

// threads is the process's.
func threads() ([]int, error) {
	list, err := os.ReadDir("/proc/self/task")
	var tids []int
	for _, t := range list {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return nil, fmt.Errorf("thread id: %w", err)
		}
		tids = append(tids, tid)
	}
	return tids, err
}

// Read reads all counters. One that cannot be read is left out.
func (c *Counters) Read() Reading {
	r := Reading{}
	for name, fds := range c.fds {
		var sum float64
		ok := len(fds) > 0
		for _, fd := range fds {
			v, err := read(fd)
			sum, ok = sum+v, ok && err == nil
		}
		if ok {
			r[name] = sum
		}
	}
	return r
}

// read is the value of one descriptor: it was counted for a part of the time
// for which it was enabled.
func read(fd int) (float64, error) {
	var buf [24]byte // value, time enabled, time running
	if n, err := unix.Read(fd, buf[:]); err != nil || n != len(buf) {
		return 0, errors.Join(err, fmt.Errorf("read of %d bytes", n))
	}
	value := float64(binary.NativeEndian.Uint64(buf[:]))
	enabled := float64(binary.NativeEndian.Uint64(buf[8:]))
	running := float64(binary.NativeEndian.Uint64(buf[16:]))
	if running == 0 {
		return 0, nil // it has not run
	}
	return value * enabled / running, nil
}

// Close ends the counting.
func (c *Counters) Close() {
	for _, fds := range c.fds {
		closeAll(fds)
	}
	c.fds = nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd) // nothing is written to it
	}
}
