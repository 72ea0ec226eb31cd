package shoot

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/fusemem"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// onEach runs a test with each kind of Stopper, on a shooter for a directory.
func onEach(t *testing.T, dir string, test func(t *testing.T, s *Shooter)) {
	type stopper interface {
		Stopper
		Close() error
	}
	for name, open := range map[string]func() (stopper, error){
		"userfaultfd": func() (stopper, error) { return mmu.NewStopper() },
		"fuse":        func() (stopper, error) { return fusemem.NewStopper() },
	} {
		t.Run(name, func(t *testing.T) {
			st, err := open()
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			test(t, shooter(t, dir, st))
		})
	}
}

// shooter is one on the file system of a directory.
func shooter(t *testing.T, dir string, st Stopper) *Shooter {
	t.Helper()
	cfg := Config{Engine: kernelfs.Engine{}, Stopper: st, After: time.After, Rand: rand.New(rand.NewPCG(1, 2))}
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, prog.PageSize), 0o666); err != nil {
			t.Fatal(err)
		}
		cfg.Backings = append(cfg.Backings, core.Backing{Path: path})
	}
	return New(cfg)
}

func suiteProgram(t *testing.T, name string) *prog.Program {
	t.Helper()
	suite, err := litmus.Suite()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range suite {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no test %s", name)
	return nil
}

func parse(t *testing.T, src string) *prog.Program {
	t.Helper()
	p, err := prog.Parse("test.coh", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestHeld holds direct writes on the file system of the temporary folder. The
// losses show on the first shot, the one by a store in the first window, the
// other in the second, and nothing does without the store.
func TestHeld(t *testing.T) {
	dir := t.TempDir()
	onEach(t, dir, func(t *testing.T, s *Shooter) {
		s.Patience = 10 * time.Second
		wantHeld(t, s, dir)
		for _, c := range []struct {
			p       *prog.Program
			account string // of the first shot; "": there is none
		}{
			{suiteProgram(t, "lost-update"),
				"s.1 (store) ran inside of w.1 (dwrite), between its first invalidation and its submission"},
			{suiteProgram(t, "store-beside-direct-write-silent"),
				"f.1 (writeback) ran inside of w.1 (dwrite), after its data had landed and before its second invalidation"},
			{parse(t, "file A 2 pages\ntask w: dwrite A[0]\ntask s: load A[0]+8\nfind lost"), ""},
		} {
			r, err := s.Search(c.p, Effort{Shots: 10, Free: 1})
			if err != nil {
				t.Fatal(err)
			}
			first := c.account != ""
			if r.FirstShot() != first || r.Held == 0 || !first && r.Verdict() != prog.Never {
				t.Errorf("%s: %s in %d held runs", c.p.Name, r.Text(), r.Held)
			}
			if first && !strings.Contains(strings.Join(r.Hit.Text(c.p), "\n"), c.account) {
				t.Errorf("the account does not say what collided: %q", r.Hit.Text(c.p))
			}
		}
	})
}

// wantHeld skips where the file system is not one that loses updates.
func wantHeld(t *testing.T, s *Shooter, dir string) {
	t.Helper()
	w, err := s.Probe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := disk.ProbeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !w.Held || !slices.Contains([]string{"ext4", "xfs"}, p.FSType) {
		t.Skipf("%s: %s", p.FSType, w.Why)
	}
}

// TestProbeTmpfs is the probe where direct IO is buffered: the write does stop,
// and no window is held.
func TestProbeTmpfs(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "cohbench-shoot-*")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if p, err := disk.ProbeDir(dir); err != nil || p.Direct != disk.Buffered {
		t.Skipf("%s is not for this: %s, %v", dir, p, err)
	}
	onEach(t, dir, func(t *testing.T, s *Shooter) {
		w, err := s.Probe()
		if err != nil || w.Held || !strings.Contains(w.Why, "before it has invalidated anything") {
			t.Errorf("%+v, %v", w, err)
		}
	})
}

// TestStuck has a buffered write in the window wait for the direct write, and
// nobody is left waiting.
func TestStuck(t *testing.T) {
	onEach(t, t.TempDir(), func(t *testing.T, s *Shooter) {
		if w, err := s.Probe(); err != nil || !w.Held {
			t.Skip(w.Why, err)
		}
		p := parse(t, "file A 2 pages\ntask w: dwrite A[0]\ntask s: truncate A to 1 pages\nfind stale")
		shots, all := Shots(p)
		if len(shots) != 1 || !all {
			t.Fatalf("%d orders, want that in the window", len(shots))
		}
		out, err := s.Fire(p, &shots[0])
		if err != nil || out.Err != nil {
			t.Fatal(err, out.Err)
		}
		if out.Happened || out.Stuck != 2 {
			t.Errorf("happened %t, stuck at %d; truncate waits for direct IO in flight", out.Happened, out.Stuck)
		}
	})
}

// TestFree runs on models, with the machine's threads: a policy that invalidates
// nothing shows what it must in every run, and a coherent one in none.
func TestFree(t *testing.T) {
	p := parse(t, "file A 1 page resident 0\ntask w: dwrite A[0]; r0 = read A[0]\nfind stale")
	for _, c := range []struct {
		policy *core.Policy
		hits   int64
	}{{coherence.None, 20}, {coherence.AddLock, 0}} {
		s := New(Config{Engine: &core.Model{Policy: c.policy}, Backings: []core.Backing{{Disk: disk.NewMemory(0)}},
			After: time.After, Rand: rand.New(rand.NewPCG(1, 2))})
		r, err := s.Search(p, Effort{Free: 20})
		if err != nil || r.Why != nil {
			t.Fatal(err, r.Why)
		}
		if r.FreeHits != c.hits || r.Free != 20 {
			t.Errorf("%s: %s", c.policy.Name, r.Text())
		}
		if c.hits > 0 && r.Hit.Told != "success" {
			t.Errorf("fsync said %s", r.Hit.Told)
		}
	}
}
