package workloads_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
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
	eachMMU(t, func(t *testing.T, k mmu.Kind) {
		for _, e := range coherence.EnginesOn(k) {
			for _, w := range all {
				t.Run(e.Name()+"/"+w.Name, func(t *testing.T) { keepsItsClaims(t, e, w) })
			}
		}
	})
}

// eachMMU runs fn for the MMUs of this machine.
func eachMMU(t *testing.T, fn func(t *testing.T, k mmu.Kind)) {
	for _, k := range mmu.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			if err := k.Probe(); err != nil {
				t.Skip(err)
			}
			fn(t, k)
		})
	}
}

func keepsItsClaims(t *testing.T, e core.Engine, w *workloads.Workload) {
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
}

// TestMixedBesideTheCollector: a thread in a real page fault must never wait for
// a garbage collector that waits for the fault's handler. COHBENCH_STRESS says
// how long to try.
func TestMixedBesideTheCollector(t *testing.T) {
	span := 2 * time.Second
	if s := os.Getenv("COHBENCH_STRESS"); s != "" {
		var err error
		if span, err = time.ParseDuration(s); err != nil {
			t.Fatalf("COHBENCH_STRESS: %v", err)
		}
	}
	eachMMU(t, func(t *testing.T, k mmu.Kind) {
		e, err := coherence.LookupOn(k, "addlock")
		if err != nil {
			t.Fatal(err)
		}
		c := smallCase(e, workloads.Mixed)
		c.Duration, c.Procs = span, runtime.GOMAXPROCS(0)
		var stop atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			for !stop.Load() {
				runtime.GC()
			}
		}()
		o := run(t, c)
		stop.Store(true)
		<-done
		if o.Status != workloads.StatusOK || badCells(o) != 0 {
			t.Errorf("%s: %s: %d bad cells: %v", o.Status, o.Detail, badCells(o), o.Violations)
		}
		t.Logf("%d collections, %d words checked in %v", o.GCs, o.Oracle.Checked, o.Elapsed)
	})
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
	eachMMU(t, func(t *testing.T, k mmu.Kind) {
		e, err := coherence.LookupOn(k, "addlock-nofdm")
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
	})
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
