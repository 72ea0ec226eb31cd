package kernelfs_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/workloads"
)

func TestEngines(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range kernelfs.Engines() {
		if seen[e.Name()] || e.Doc() == "" || e.MMU() == "none" {
			t.Errorf("%q: a name twice, no text, or no mappings", e.Name())
		}
		seen[e.Name()] = true
		if e.Claims() != (core.Claims{}) {
			t.Errorf("%s claims something: it is what is under test", e.Name())
		}
	}
}

// runCase runs a workload for a while on files in a temporary directory.
func runCase(t *testing.T, e kernelfs.Engine, w *workloads.Workload, lock *sync.RWMutex) *workloads.Outcome {
	t.Helper()
	if err := e.Probe(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	c := &workloads.Case{
		Engine: e, Workload: w, Params: w.Defaults, Oracle: true, Seed: 7, Lock: lock,
		Duration: 300 * time.Millisecond, StarveAfter: time.Minute,
	}
	if testing.Short() {
		c.Duration /= 3
	}
	for range w.Files {
		path := filepath.Join(t.TempDir(), "data")
		d, err := disk.Create(path, w.Defaults.Size)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Remove() })
		c.Backing = append(c.Backing, core.Backing{Path: path, Disk: d})
	}
	o, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != workloads.StatusOK {
		t.Fatalf("%s: %s", o.Status, o.Detail)
	}
	return o
}

// On these no kernel shows anything, so what is found is a bug of ours.
func TestControlsShowNothing(t *testing.T) {
	for _, c := range []struct {
		e    kernelfs.Engine
		w    *workloads.Workload
		lock *sync.RWMutex
	}{
		{kernelfs.Engine{}, workloads.DirectOnly, nil},
		{kernelfs.Engine{}, workloads.BufferedWrite, nil},
		{kernelfs.Engine{}, workloads.MixedOneLock, nil},
		{kernelfs.Engine{}, workloads.TruncateFault, new(sync.RWMutex)},
		{kernelfs.Engine{Direct: kernelfs.AIO}, workloads.DirectOnly, nil},
		{kernelfs.Engine{Direct: kernelfs.AIO}, workloads.MixedOneLock, nil},
		{kernelfs.Engine{Direct: kernelfs.URing}, workloads.DirectOnly, nil},
		{kernelfs.Engine{Direct: kernelfs.URing}, workloads.MixedOneLock, nil},
		{kernelfs.Engine{HugePages: true}, workloads.MixedOneLock, nil},
	} {
		t.Run(c.e.Name()+"/"+c.w.Name, func(t *testing.T) {
			o := runCase(t, c.e, c.w, c.lock)
			if n := o.Oracle.Bad() + o.Warmup.Bad(); n != 0 {
				t.Errorf("%d bad cells: %v", n, o.Violations)
			}
			if o.Oracle.Checked == 0 {
				t.Error("nothing was checked")
			}
		})
	}
}

// Whatever the kernel does to the data, every workload runs to its end.
func TestWorkloadsRun(t *testing.T) {
	for _, w := range workloads.All() {
		t.Run(w.Name, func(t *testing.T) {
			o := runCase(t, kernelfs.Engine{}, w, nil)
			t.Logf("%d rounds, %d lost something, %d read something stale, %d exposures",
				o.Rounds, o.LossRounds, o.StaleRounds, o.Stats.Exposures)
			if len(o.Classes) == 0 {
				t.Error("nothing was done")
			}
		})
	}
}

// Every layout of the file, and syncs of both kinds, under a workload that
// races with them.
func TestLayoutsAndSyncs(t *testing.T) {
	for _, layout := range []workloads.Layout{workloads.LayoutPrealloc, workloads.LayoutHoles} {
		t.Run(string(layout), func(t *testing.T) {
			w := *workloads.DirectWriteStore
			w.Defaults.Layout, w.Defaults.Syncers, w.Defaults.MsyncPct = layout, 2, 50
			o := runCase(t, kernelfs.Engine{}, &w, nil)
			for _, class := range []string{"sync", "msync"} {
				if o.Classes[class] == nil {
					t.Errorf("no %s", class)
				}
			}
		})
	}
}
