//go:build linux && (amd64 || arm64)

package mmu_test

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// caller is a world whose faults of system calls arrive, and a mapping of it.
type caller struct {
	*world
	v mmu.VMA
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	mem, err := mmu.NewUserfaultfd(mmu.UserfaultfdConfig{KernelFaults: true, Refusals: true})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, g: sched.NewGroup(), mem: mem}
	w.main = w.cpu("main")
	t.Cleanup(func() {
		if err := mem.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &caller{w, w.vma(8)}
}

// call makes a system call read n pages from page first.
func (c *caller) call(first, n int64, call func(mem []byte) error) error {
	return c.v.(mmu.SystemCaller).SystemCall(c.main, first*mmu.PageSize, n*mmu.PageSize, call)
}

// readers is system calls that read memory, and give it to got.
func readers(t *testing.T) map[string]func(mem []byte) error {
	fd, err := unix.MemfdCreate("copy", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd); r.Close(); w.Close() })
	return map[string]func(mem []byte) error{
		"copied": func(mem []byte) error {
			return whole(unix.Pwrite(fd, mem, 0))(mem)
		},
		"pinned": func(mem []byte) error { // by get_user_pages
			iov := unix.Iovec{Base: &mem[0]}
			iov.SetLen(len(mem))
			if err := whole(unix.Vmsplice(int(w.Fd()), []unix.Iovec{iov}, 0))(mem); err != nil {
				return err
			}
			_, err := r.Read(make([]byte, len(mem)))
			return err
		},
	}
}

// whole takes a system call that stopped short for one that failed: Linux says
// EFAULT only where nothing was read before.
func whole(n int, err error) func(mem []byte) error {
	return func(mem []byte) error {
		if err == nil && n < len(mem) {
			return unix.EFAULT
		}
		return err
	}
}

// TestSystemCallFaults: the faults that a system call takes are handled for
// its CPU, on the thread that makes the call.
func TestSystemCallFaults(t *testing.T) {
	for name, read := range readers(t) {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			var in, out int
			c.failing(func(cpu *mmu.CPU, _ int64, _ mmu.Access) error {
				if in = cpu.OSThread(); cpu != c.main {
					return errors.New("another CPU's fault")
				}
				runtime.GC() // stops the world, which must not wait for the call
				return nil
			})
			if err := c.call(1, 3, func(mem []byte) error { out = unix.Gettid(); return read(mem) }); err != nil {
				t.Fatal(err)
			}
			if in != out || c.main.OSThread() != 0 {
				t.Errorf("call on thread %d, fault of %d, afterwards %d", out, in, c.main.OSThread())
			}
			for idx, want := range []int{0, 1, 1, 1, 0} {
				c.faults(int64(idx), want, 0, 0)
			}
			if err := c.call(1, 3, read); err != nil {
				t.Fatal(err)
			}
			c.faults(1, 1, 0, 0)
		})
	}
}

// TestSystemCallRefused: a fault that the handler does not resolve fails the
// call, also where a translation was before; afterwards the page is as any.
func TestSystemCallRefused(t *testing.T) {
	for name, read := range readers(t) {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			for _, seen := range []bool{false, true} {
				if seen {
					c.load(c.v, 2*mmu.PageSize)
					c.drop(c.main.Thread, 2)
				}
				c.failing(func(_ *mmu.CPU, idx int64, _ mmu.Access) error {
					if idx == 2 {
						return errFault
					}
					return nil
				})
				err := c.call(1, 3, read)
				var refused *mmu.RefusedError
				if !errors.As(err, &refused) || !errors.Is(err, errFault) || !errors.Is(err, unix.EFAULT) || refused.Page != 2 || refused.Thread == 0 {
					t.Fatalf("page seen before %v: %v", seen, err)
				}
				c.failing(func(*mmu.CPU, int64, mmu.Access) error { return nil })
				mapped(t, c.v, 2, false, false)
				if x := c.load(c.v, 2*mmu.PageSize); x != initialWord(2) {
					t.Errorf("loaded %#x", x)
				}
				if err := c.call(1, 3, read); err != nil {
					t.Errorf("again: %v", err)
				}
			}
		})
	}
}

// TestSystemCallData: what the call reads is the page that the handler brought
// in while it waited.
func TestSystemCallData(t *testing.T) {
	c := newCaller(t)
	got := make([]byte, 2*mmu.PageSize)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	err = c.call(3, 2, func(mem []byte) error {
		if _, err := unix.Write(int(w.Fd()), mem); err != nil {
			return err
		}
		_, err := r.Read(got)
		return err
	})
	if want := append(initial(3), initial(4)...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, and the data is right: %v", err, bytes.Equal(got, want))
	}
}

// TestSystemCallOutside: what cannot be the buffer of a system call.
func TestSystemCallOutside(t *testing.T) {
	never := func([]byte) error { t.Error("the call was made"); return nil }
	w := newWorld(t, mmu.KindUserfaultfd)
	err := w.vma(1).(mmu.SystemCaller).SystemCall(w.main, 0, mmu.PageSize, never)
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without kernel faults: %v", err)
	}
	c := newCaller(t)
	if err := c.call(7, 2, never); !errors.Is(err, mmu.ErrUnmapped) {
		t.Errorf("beyond the end: %v", err)
	}
}
