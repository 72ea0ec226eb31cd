package core_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// kernelPinned is a file of 8 pages whose mappings the kernel may fault on.
type kernelPinned struct {
	*core.AddressSpace
	g    *sched.Group
	t    *core.Task
	v    core.Mapping
	disk *disk.File
}

func newKernelPinned(t *testing.T, p *core.Policy) *kernelPinned {
	t.Helper()
	mem, err := mmu.NewUserfaultfd(mmu.UserfaultfdConfig{KernelFaults: true, Refusals: true})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := disk.Create(filepath.Join(t.TempDir(), "data"), pages*core.PageSize)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err, mem.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	f := &kernelPinned{AddressSpace: core.NewAddressSpace(p, d, mem, core.Options{}), g: sched.NewGroup(), disk: d}
	f.t = core.NewTask(f.g.Thread("main"))
	for i := range int64(pages) {
		page := disk.Block(core.PageSize)
		copy(page, bytes.Repeat([]byte{'a' + byte(i)}, core.PageSize))
		if _, err := d.WriteAt(f.t.Thread, page, i*core.PageSize); err != nil {
			t.Fatal(err)
		}
	}
	if f.v, err = f.Map(f.t, 0, pages*core.PageSize); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.v.Unmap(f.t), f.Close(f.t), d.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// write writes n pages directly from page from of the mapping.
func (f *kernelPinned) write(from, to, n int) error {
	b := core.Buffer{Map: f.v, Off: int64(from) * core.PageSize, Len: n * core.PageSize}
	_, err := f.WriteDirectKernelPin(f.t, b, int64(to)*core.PageSize)
	return err
}

// letters is the first byte of each page, as a direct read sees it.
func (f *kernelPinned) letters(t *testing.T) string {
	t.Helper()
	all := disk.Block(pages * core.PageSize)
	if _, err := f.ReadDirect(f.t, core.Buffer{Mem: all}, 0); err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for i := range pages {
		page := all[i*core.PageSize : (i+1)*core.PageSize]
		if !bytes.Equal(page, bytes.Repeat(page[:1], core.PageSize)) {
			t.Errorf("page %d is torn", i)
		}
		s.WriteByte(page[0])
	}
	return s.String()
}

// blocking is the policies that block the cache for a direct write.
func blocking() []*core.Policy {
	return []*core.Policy{coherence.AddLock, coherence.AddLockVFSExtent, coherence.InvalidateLock}
}

// TestKernelPin: a write from pages that are not cached is refused once, and
// done; from cached pages it is done at once.
func TestKernelPin(t *testing.T) {
	for _, p := range blocking() {
		t.Run(p.Name, func(t *testing.T) {
			f := newKernelPinned(t, p)
			if err := f.write(4, 0, 3); err != nil {
				t.Fatal(err)
			}
			if got := f.letters(t); got != "efgdefgh" {
				t.Errorf("the file holds %s", got)
			}
			first := f.t.Stats
			if err := f.write(4, 1, 3); err != nil {
				t.Fatal(err)
			}
			if got := f.letters(t); got != "eefgefgh" {
				t.Errorf("the file holds %s", got)
			}
			if s := f.t.Stats; first.EFAULT != 1 || s.EFAULT != 1 || s.Retries != 1 {
				t.Errorf("first write %d EFAULT, then %d, and %d retries", first.EFAULT, s.EFAULT, s.Retries)
			}
			if f.t.FaultsDisabled() != nil || len(f.t.Held()) != 0 {
				t.Errorf("left behind: %v, %v", f.t.FaultsDisabled(), f.t.Held())
			}
		})
	}
}

// TestKernelPinBeside: others evict, load and read meanwhile.
func TestKernelPinBeside(t *testing.T) {
	for _, p := range blocking() {
		t.Run(p.Name, func(t *testing.T) {
			f := newKernelPinned(t, p)
			var over atomic.Bool
			beside := func(name string, do func(t *core.Task) error) {
				task := core.NewTask(f.g.Thread(name))
				f.g.Go(name, func(*sched.Thread) {
					for !over.Load() {
						if err := do(task); err != nil {
							f.g.Cancel(err)
							return
						}
						time.Sleep(300 * time.Microsecond) // or adders that overlap keep the writer out for ever
					}
				})
			}
			beside("evict", func(t *core.Task) error { return f.Evict(t, 0, pages*core.PageSize) })
			beside("read", func(t *core.Task) error {
				_, err := f.ReadAt(t, core.Buffer{Mem: make([]byte, pages*core.PageSize)}, 0)
				return err
			})
			view, err := f.Map(f.t, 0, pages*core.PageSize)
			if err != nil {
				t.Fatal(err)
			}
			beside("load", func(t *core.Task) error {
				_, err := view.Load(t, 5*core.PageSize)
				return err
			})
			for range 50 {
				if err := f.write(4, 0, 3); err != nil {
					t.Error(err)
					break
				}
			}
			over.Store(true)
			if err := errors.Join(f.g.Wait(), view.Unmap(f.t)); err != nil {
				t.Error(err)
			}
			if got := f.letters(t); got != "efgdefgh" {
				t.Errorf("the file holds %s", got)
			}
			t.Logf("%d times a write of 50 was refused", f.t.Stats.EFAULT)
		})
	}
}

// TestKernelPinDeadlock: without the task context the handler waits for its
// own task. That is reported, and a cancel gets the kernel's thread out.
func TestKernelPinDeadlock(t *testing.T) {
	f := newKernelPinned(t, coherence.AddLockNoFDM)
	done := make(chan error, 1)
	go func() { done <- f.write(4, 0, 1) }()
	var want *sched.Deadlock
	for want == nil {
		select {
		case err := <-done:
			t.Fatalf("the write ended: %v", err)
		case <-time.After(time.Millisecond):
			want = f.g.Deadlock()
		}
	}
	f.g.Cancel(want)
	var refused *mmu.RefusedError
	var deadlock *sched.Deadlock
	if err := <-done; !errors.As(err, &refused) || !errors.As(err, &deadlock) || deadlock != want {
		t.Errorf("the write ended with %v", err)
	}
	f.t = core.NewTask(sched.NewGroup().Thread("after"))
	if got := f.letters(t); got != "abcdefgh" {
		t.Errorf("the file holds %s", got)
	}
}

// TestKernelPinRefuses: what could make the handler wait for the kernel.
func TestKernelPinRefuses(t *testing.T) {
	f := newKernelPinned(t, coherence.AddLock)
	if err := f.write(4, 5, 2); !errors.Is(err, core.ErrFault) {
		t.Errorf("over itself: %v", err)
	}
	if err := f.write(4, pages-1, 2); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("extending: %v", err)
	}
	mem := core.Buffer{Mem: disk.Block(core.PageSize)}
	if _, err := f.WriteDirectKernelPin(f.t, mem, 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("from anonymous memory: %v", err)
	}
	none := newKernelPinned(t, coherence.DoubleInvalidate)
	if err := none.write(4, 0, 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a block: %v", err)
	}
	soft := newFixture(t, coherence.AddLock)
	if _, err := soft.WriteDirectKernelPin(soft.t, core.Buffer{Map: soft.v, Len: core.PageSize}, core.PageSize); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("with page tables in software: %v", err)
	}
	if got := f.letters(t) + none.letters(t); got != "abcdefghabcdefgh" {
		t.Errorf("the files hold %s", got)
	}
}
