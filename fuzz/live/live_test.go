package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/fuzz"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

// campaign is one on a model, and files where there is direct IO; elsewhere
// disks in memory, on which there is less time to come between.
func campaign(t *testing.T, policy *core.Policy, cfg Config) *Campaign {
	t.Helper()
	s := shoot.Config{Engine: &core.Model{Policy: policy}, After: time.After, Rand: rand.New(rand.NewPCG(cfg.Seed, 9))}
	for range prog.MaxFiles {
		s.Backings = append(s.Backings, core.Backing{Disk: storage(t)})
	}
	cfg.Shooters, cfg.After, cfg.Model = []*shoot.Shooter{shoot.New(s)}, time.After, &core.Model{Policy: policy}
	return New(cfg)
}

func storage(t *testing.T) disk.Disk {
	t.Helper()
	f, err := disk.Create(filepath.Join(t.TempDir(), "data"), prog.PageSize)
	if errors.Is(err, errors.ErrUnsupported) {
		return disk.NewMemory(0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// first runs a campaign to its first finding. Threads are left to chance, so
// it has as long as it takes; a finding comes within a second.
func first(t *testing.T, policy *core.Policy, cfg Config) *Finding {
	t.Helper()
	var got *Finding
	cfg.Found = func(f *Finding) bool { got = f; return false }
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := campaign(t, policy, cfg)
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got == nil {
		t.Fatalf("nothing found: %+v", c.Stats())
	}
	t.Logf("%+v", c.Stats())
	return got
}

// TestLost finds, from nothing, what direct writes lose that leave the cache
// alone. It takes little luck, only the right operations; the model has a
// schedule for it.
func TestLost(t *testing.T) {
	f := first(t, coherence.None, Config{Seed: 1, Seeks: prog.Lost | prog.SilentLost})
	if f.Report.Hit == nil || f.Program.Size() > 5 {
		t.Errorf("%s after %d runs:\n%v", f.Report.Text(), f.Runs, f.Program)
	}
	if f.Model == nil || f.Model.Schedule == nil {
		t.Errorf("the model does not show\n%v", f.Program)
	}
}

// TestDeadlock is found by the wait-for graph, and ends.
func TestDeadlock(t *testing.T) {
	f := first(t, coherence.AddLockNoFDM, Config{Seed: 1, Seeks: fuzz.Wanted})
	if f.Class != prog.Deadlock || len(f.Lines) < 2 {
		t.Errorf("%v: %q\n%v", f.Class, f.Lines, f.Program)
	}
}

// TestClaimants holds what claims to be coherent to it.
func TestClaimants(t *testing.T) {
	programs := int64(300)
	if testing.Short() {
		programs = 40
	}
	for _, m := range fuzz.Claimants() {
		c := campaign(t, m.Policy, Config{Seed: 3, Seeks: fuzz.Wanted, Programs: programs, Found: func(f *Finding) bool {
			t.Errorf("%s: %v: %q\n%v", m.Name(), f.Class, f.Lines, f.Original)
			return false
		}})
		if err := c.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats(); s.Programs < programs || s.Met == 0 || s.Refused > s.Programs/10 {
			t.Errorf("%s: %+v", m.Name(), s)
		}
	}
}

func TestClassOf(t *testing.T) {
	for _, c := range []struct{ found, seeks, want prog.Violation }{
		{prog.EIO, Kernel, prog.EIO},
		{prog.EIO | prog.Lost, Kernel, prog.Lost},
		{prog.EIO | prog.Stale, prog.EIO, 0}, // EIO is a class of its own only alone
		{prog.Stale | prog.Lost | prog.SilentLost, Kernel, prog.SilentLost},
		{prog.EIO, fuzz.Wanted, 0},
		{prog.InFlight, Kernel, 0},
	} {
		if got := classOf(&exec.Result{Found: c.found}, c.seeks); got != c.want {
			t.Errorf("%v among %v: %v, want %v", c.found, c.seeks, got, c.want)
		}
	}
}
