package kernelfs

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

const nativeStride = 16 * core.PageSize

// nativePages opens a file with something in it, and returns pages of it that
// are on their own.
func nativePages(t *testing.T) (Native, []int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	d, err := disk.Create(path, 9*nativeStride)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	th := sched.NewGroup().Thread("main")
	_, err = d.WriteAt(th, pattern(9*nativeStride, 1), 0)
	must(errors.Join(err, d.Sync(th), d.Close()))
	n, err := OpenNative(path)
	must(err)
	t.Cleanup(func() { must(n.Close()) })
	var offs []int64
	for i := range int64(8) {
		offs = append(offs, (i+1)*nativeStride)
	}
	return n, offs
}

// faults counts the page faults of this thread in fn.
func faults(t *testing.T, fn func() error) (minor, major int64) {
	t.Helper()
	var before, after unix.Rusage
	read := func(r *unix.Rusage) {
		if err := unix.Getrusage(unix.RUSAGE_THREAD, r); err != nil {
			t.Skip("no RUSAGE_THREAD: ", err)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	read(&before)
	if err := fn(); err != nil {
		t.Fatal(err)
	}
	read(&after)
	return after.Minflt - before.Minflt, after.Majflt - before.Majflt
}

// Each page faults once, by itself: no readahead and no fault-around helps its
// neighbours. A few faults of the runtime's own memory may be among them.
func TestNativeFaults(t *testing.T) {
	n, offs := nativePages(t)
	touch := func() error { return n.Touch(offs) }
	if err := errors.Join(touch(), n.Unmap(offs)); err != nil {
		t.Fatal(err)
	}
	want, slack := int64(len(offs)), int64(3)
	if minor, major := faults(t, touch); minor < want || minor > want+slack || major != 0 {
		t.Errorf("%d minor and %d major faults on %d cached pages", minor, major, want)
	}
	if minor, major := faults(t, touch); minor > slack || major != 0 {
		t.Errorf("%d minor and %d major faults on mapped pages", minor, major)
	}
	if err := n.Gone(offs); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("nothing was dropped, but: %v", err)
	}
	if err := n.Evict(offs); err != nil {
		t.Fatal(err)
	}
	if err := n.Gone(offs); err != nil {
		t.Skip(err)
	}
	// A fault that is tried again and then finds its page read counts as minor.
	if minor, major := faults(t, touch); minor+major < want || major <= want/2 {
		t.Errorf("%d minor and %d major faults on %d dropped pages", minor, major, want)
	}
}

// What is pinned stays pinned until it is let go: the pipe has room for no
// more.
func TestNativePins(t *testing.T) {
	n, offs := nativePages(t)
	for range 3 {
		if err := errors.Join(n.Touch(offs), n.Pin(0, MaxPin)); err != nil {
			t.Fatal(err)
		}
		if n.Pin(0, 1) == nil {
			t.Error("more pages pinned than the pipe holds: they are copied?")
		}
		if err := n.Unpin(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNativeOfNothing(t *testing.T) {
	if _, err := OpenNative(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, unix.ENOENT) {
		t.Error(err)
	}
}
