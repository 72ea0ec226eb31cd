package perf

import (
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The attributes are those of the kernel's version 8 (linux/perf_event.h:
// PERF_ATTR_SIZE_VER8), or an older one.
func TestAttrSize(t *testing.T) {
	if n := unsafe.Sizeof(unix.PerfEventAttr{}); n < unix.PERF_ATTR_SIZE_VER0 || n%8 != 0 {
		t.Errorf("perf_event_attr has %d bytes", n)
	}
}

// Work that other threads do, started later, counts; what is missing says why.
func TestAllThreadsCount(t *testing.T) {
	c := Open()
	defer c.Close()
	for name, why := range c.Missing {
		t.Logf("%s: %s", name, why)
		if _, ok := c.Read()[name]; ok || why == "" {
			t.Errorf("%s is missing and yet read, or without a reason", name)
		}
	}
	before := c.Read()
	clock := TaskClock
	if _, ok := before[clock]; !ok {
		clock += UserOnly
	}
	if _, ok := before[clock]; !ok {
		t.Skip(c.Missing[TaskClock])
	}
	var wg sync.WaitGroup
	var sink [4]int
	for i := range sink {
		wg.Go(func() {
			for n := range 20_000_000 {
				sink[i] += n & i
			}
		})
	}
	wg.Wait()
	if d := c.Read().Sub(before); d[clock] < 1e6 {
		t.Errorf("some 80 million additions took %v ns", d[clock])
	}
}
