//go:build linux && (amd64 || arm64)

package fusemem

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cohbench/core/mmu"
)

// stopper is what this package and mmu agree on.
type stopper interface {
	Arm(src []byte, stops ...int64) ([]byte, error)
	Wait(ms int) (page int64, ok bool, err error)
	Fill(page int64) error
	Empty(page int64) error
	Close() error
}

// onBoth runs a test on both kinds of memory that stops system calls.
func onBoth(t *testing.T, test func(t *testing.T, s stopper)) {
	for name, open := range map[string]func() (stopper, error){
		"fuse":        func() (stopper, error) { return NewStopper() },
		"userfaultfd": func() (stopper, error) { return mmu.NewStopper() },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := open()
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			test(t, s)
		})
	}
}

// pages is n bytes, each page of them its own.
func pages(n, seed int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i/mmu.PageSize*3 + seed + 1)
	}
	return p
}

// write has pwrite(2) send memory to a file, which the test reads back.
func write(t *testing.T, mem []byte) (done chan error, back func() []byte) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	done = make(chan error, 1)
	go func() {
		_, err := f.WriteAt(mem, 0)
		done <- err
	}()
	return done, func() []byte {
		p, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// wantStop has a call stop at a page.
func wantStop(t *testing.T, s stopper, want int64) {
	t.Helper()
	page, ok, err := s.Wait(60_000)
	if !ok || page != want || err != nil {
		t.Fatalf("stopped at page %d, %t, %v; want page %d", page, ok, err, want)
	}
}

// TestStops has a write stop at two pages of its buffer, the last of which is
// not whole, and go on when they are filled, again and again.
func TestStops(t *testing.T) {
	onBoth(t, func(t *testing.T, s stopper) {
		for round := range 3 {
			src := pages(2*mmu.PageSize+512, round)
			mem, err := s.Arm(src, 0, 2)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := s.Wait(0); ok || err != nil {
				t.Fatalf("stopped before the call: %v", err)
			}
			done, back := write(t, mem)
			for _, page := range []int64{0, 2} {
				wantStop(t, s, page)
				if _, ok, err := s.Wait(1); ok || err != nil {
					t.Fatalf("a stop is told of twice: %v", err)
				}
				select {
				case err := <-done:
					t.Fatalf("the call returns with its buffer missing: %v", err)
				default:
				}
				if err := errors.Join(s.Fill(page), s.Fill(page)); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-done; err != nil || !bytes.Equal(back(), src) {
				t.Fatalf("the file holds something else, %v", err)
			}
		}
	})
}

// TestFilledBefore the call comes: it does not stop.
func TestFilledBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, s stopper) {
		src := pages(3*mmu.PageSize, 0)
		mem, err := s.Arm(src, 1)
		if err := errors.Join(err, s.Fill(1), s.Fill(2)); err != nil {
			t.Fatal(err)
		}
		done, back := write(t, mem)
		if err := <-done; err != nil || !bytes.Equal(back(), src) {
			t.Fatalf("the file holds something else, %v", err)
		}
		if _, ok, err := s.Wait(0); ok || err != nil {
			t.Errorf("it has stopped, %v", err)
		}
	})
}

// TestEmpty takes pages away: one that was filled and read, and one that was
// always there.
func TestEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, s stopper) {
		src := pages(3*mmu.PageSize, 0)
		mem, err := s.Arm(src, 0)
		if err := errors.Join(err, s.Fill(0)); err != nil {
			t.Fatal(err)
		}
		first, _ := write(t, mem)
		if err := errors.Join(<-first, s.Empty(0), s.Empty(2)); err != nil {
			t.Fatal(err)
		}
		done, back := write(t, mem)
		for _, page := range []int64{0, 2} {
			wantStop(t, s, page)
			if err := s.Fill(page); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil || !bytes.Equal(back(), src) {
			t.Fatalf("the file holds something else, %v", err)
		}
	})
}

// TestMany goes past the pages that stay in the page cache.
func TestMany(t *testing.T) {
	onBoth(t, func(t *testing.T, s stopper) {
		var stops []int64
		for page := range int64(mmu.StopperSize / mmu.PageSize) {
			stops = append(stops, page)
		}
		for round := range 4 {
			src := pages(mmu.StopperSize, round)
			mem, err := s.Arm(src, stops...)
			if err != nil {
				t.Fatal(err)
			}
			done, back := write(t, mem)
			for {
				page, ok, err := s.Wait(1)
				if ok {
					err = s.Fill(page)
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(done) > 0 {
					break
				}
			}
			if err := <-done; err != nil || !bytes.Equal(back(), src) {
				t.Fatalf("the file holds something else, %v", err)
			}
		}
	})
}

func TestRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, s stopper) {
		for _, n := range []int{0, mmu.StopperSize + 1} {
			if _, err := s.Arm(make([]byte, n)); err == nil {
				t.Errorf("%d bytes are not refused", n)
			}
		}
	})
}

func open(t *testing.T) *Stopper {
	t.Helper()
	s, err := NewStopper()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHelped mounts as those do who may not, which leaves nothing in the tree.
func TestHelped(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	m, err := mountHelped()
	if err != nil {
		m.close()
		t.Skip(err)
	}
	if list, err := os.ReadDir(dir); len(list) > 0 || err != nil {
		t.Errorf("a directory is left: %v, %v", list, err)
	}
	wantNoMount(t)
	s, err := onMount(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	src := pages(mmu.PageSize, 0)
	mem, err := s.Arm(src, 0)
	if err != nil {
		t.Fatal(err)
	}
	done, back := write(t, mem)
	wantStop(t, s, 0)
	if err := errors.Join(s.Fill(0), <-done); err != nil || !bytes.Equal(back(), src) {
		t.Fatalf("the file holds something else, %v", err)
	}
}

func wantNoMount(t *testing.T) {
	t.Helper()
	if mounts := readFile(t, "/proc/self/mounts"); strings.Contains(mounts, "fuse.cohbench") {
		t.Errorf("there is a mount:\n%s", mounts)
	}
}

// TestCloseReleases a call that has stopped.
func TestCloseReleases(t *testing.T) {
	s := open(t)
	mem, err := s.Arm(pages(mmu.PageSize, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	done, _ := write(t, mem)
	wantStop(t, s, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, syscall.EFAULT) {
		t.Errorf("the write says %v, want EFAULT", err)
	}
}

// TestLeavesNothing: no descriptor, no mount, no thread with a table of its own.
func TestLeavesNothing(t *testing.T) {
	open(t).Close() // what stays for ever is there now
	before := descriptors(t)
	s := open(t)
	wantNoMount(t)
	if list := descriptors(t); slices.ContainsFunc(list, func(name string) bool { return strings.Contains(name, "/dev/fuse") }) {
		t.Errorf("the process can keep its own connection open: %q", list)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := descriptors(t); !slices.Equal(after, before) {
		t.Errorf("descriptors are left: %q, and were %q", after, before)
	}
}

// descriptors is what the process has open, but for what the runtime and the
// reading itself have.
func descriptors(t *testing.T) (list []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		what, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(what, "anon_inode:") {
			list = append(list, what)
		}
	}
	slices.Sort(list)
	return list
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestOthersAreNotKeptOpen: what is closed is closed, although the server has a
// table of descriptors of its own.
func TestOthersAreNotKeptOpen(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := open(t)
	defer s.Close()
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a pipe has no end, although it was closed")
	}
}

// TestDies: a process with a stopped call can end, and be killed.
func TestDies(t *testing.T) {
	const how = "COHBENCH_DIES"
	if os.Getenv(how) != "" {
		die(t, os.Getenv(how))
	}
	open(t).Close()
	for _, way := range []string{"exits", "is killed"} {
		c := exec.Command("/proc/self/exe", "-test.run=^TestDies$")
		c.Env = append(os.Environ(), how+"="+way)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Errorf("it does not come so far: %v", err)
		}
		if way == "is killed" {
			err = c.Process.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
		dead := make(chan error, 1)
		go func() { dead <- c.Wait() }()
		select {
		case <-dead:
		case <-time.After(30 * time.Second):
			t.Fatalf("a process that %s with a call stopped does not end", way)
		}
	}
}

// die ends this process with a call stopped, or waits for that.
func die(t *testing.T, way string) {
	s := open(t)
	mem, err := s.Arm(pages(mmu.PageSize, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	_, w, err := os.Pipe() // a file would be locked, and nobody could remove it if this fails
	if err != nil {
		t.Fatal(err)
	}
	go w.Write(mem)
	wantStop(t, s, 0)
	os.Stdout.WriteString(".")
	if way == "exits" {
		os.Exit(0)
	}
	select {}
}
