package workloads_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/workloads"
)

// smallCase is a case that takes some tens of milliseconds.
func smallCase(e core.Engine, w *workloads.Workload) *workloads.Case {
	p := w.Defaults
	p.Size = min(p.Size, 256<<10)
	c := &workloads.Case{
		Engine: e, Workload: w, Params: p, Oracle: true, Seed: 7,
		Duration: 40 * time.Millisecond, Warmup: 5 * time.Millisecond, StarveAfter: time.Minute,
	}
	for range w.Files {
		c.Backing = append(c.Backing, core.Backing{Path: "memory", Disk: disk.NewMemory(p.Size)})
	}
	return c
}

func run(t *testing.T, c *workloads.Case) *workloads.Outcome {
	t.Helper()
	o, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func badCells(o *workloads.Outcome) int64 { return o.Oracle.Bad() + o.Warmup.Bad() }

func TestEnginesKeepTheirClaims(t *testing.T) {
	all := workloads.All()
	if testing.Short() {
		all = []*workloads.Workload{workloads.DirectWriteStore, workloads.Mixed, workloads.CrossBuffer}
	}
	for _, e := range coherence.Engines() {
		for _, w := range all {
			t.Run(e.Name()+"/"+w.Name, func(t *testing.T) {
				o := run(t, smallCase(e, w))
				switch o.Status {
				case workloads.StatusUnsupported:
					t.Skip(o.Detail)
				case workloads.StatusDeadlock:
					if e.Claims().DeadlockFree {
						t.Fatal(o.Deadlock)
					}
				case workloads.StatusOK:
				default:
					t.Fatalf("%s: %s", o.Status, o.Detail)
				}
				if e.Claims().Coherent && badCells(o) != 0 {
					t.Fatalf("%d bad cells: %v", badCells(o), o.Violations)
				}
			})
		}
	}
}

func TestControlsAreCaught(t *testing.T) {
	none, err := coherence.Lookup("none")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*workloads.Workload{workloads.DirectWriteStore, workloads.DirectWriteBufferedRead, workloads.Mixed} {
		c := smallCase(none, w)
		c.Duration = 200 * time.Millisecond
		if o := run(t, c); badCells(o) == 0 {
			t.Errorf("none under %s looks coherent", w.Name)
		}
	}
}

func TestWithoutTheTaskContextBuffersDeadlock(t *testing.T) {
	e, err := coherence.Lookup("addlock-nofdm")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*workloads.Workload{workloads.SelfBuffer, workloads.CrossBuffer, workloads.RingBuffer} {
		c := smallCase(e, w)
		c.Duration = 10 * time.Second
		o := run(t, c)
		if o.Status != workloads.StatusDeadlock || o.Deadlock == nil {
			t.Errorf("%s: %s after %v", w.Name, o.Status, o.Elapsed)
		}
	}
}

func TestMixedIsCoherentUnderOneLock(t *testing.T) {
	for _, e := range coherence.Engines() {
		if e.Name() == "none" || !e.Claims().DeadlockFree {
			continue // none is incoherent one operation at a time, too
		}
		c := smallCase(e, workloads.MixedOneLock)
		if o := run(t, c); badCells(o) != 0 {
			t.Errorf("%s: %d bad cells: %v", e.Name(), badCells(o), o.Violations)
		}
	}
}

// Models cache single pages: a store to one does nothing to the page beside it.
func TestStoresBesideAreHarmless(t *testing.T) {
	for _, name := range []string{"addlock", "invalidate-lock", "double-invalidate"} {
		e, err := coherence.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c := smallCase(e, workloads.DirectWriteStoreBeside)
		c.Duration = 200 * time.Millisecond
		if o := run(t, c); badCells(o) != 0 {
			t.Errorf("%s: %v", name, o.Violations)
		}
	}
}

func TestRealFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	p := workloads.DirectWriteStore.Defaults
	f, err := disk.Create(path, p.Size)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	for _, name := range []string{"raw", "addlock", "double-invalidate"} {
		e, err := coherence.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c := smallCase(e, workloads.DirectWriteStore)
		c.Backing = []core.Backing{{Path: path, Disk: f}}
		o := run(t, c)
		if o.Status != workloads.StatusOK || o.Classes["direct-write"].Ops == 0 {
			t.Errorf("%s: %s: %s", name, o.Status, o.Detail)
		}
		if e.Claims().Coherent && badCells(o) != 0 {
			t.Errorf("%s: %v", name, o.Violations)
		}
	}
}
