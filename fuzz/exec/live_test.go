package exec

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/fuzz/prog"
)

const liveProgram = `
file A 2 pages holes 1 resident 0
file B 5 pages dirty 0
task w: dwrite A[0]; dwrite A[1] from B[0]; sync A; r0 = dread A[0]
task s: store A[0]+8; write B[1]; truncate B to 2 pages; r1 = read B[1]
task c: r2 = load A[0]; copyout A[0]; evict A; punch B[0]; r3 = load B[0]
`

// TestLiveModel runs on the threads of the machine, and the claims hold.
func TestLiveModel(t *testing.T) {
	backings := []core.Backing{{Disk: disk.NewMemory(0)}, {Disk: disk.NewMemory(0)}}
	for _, policy := range []*core.Policy{coherence.AddLock, coherence.InvalidateLock} {
		v := &Live{Engine: &core.Model{Policy: policy}, Backings: backings}
		p := parse(t, liveProgram)
		for range 100 {
			if res := v.Run(p); res.Err != nil || res.Found&prog.Incoherence != 0 {
				t.Fatalf("%s: %v, %v", policy.Name, res.Describe(), res.Report())
			}
		}
	}
}

// TestLiveKernel runs on the file system of the temporary folder.
func TestLiveKernel(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the engine is Linux's")
	}
	dir := t.TempDir()
	v := &Live{Engine: kernelfs.Engine{}}
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, 4*prog.PageSize), 0o666); err != nil {
			t.Fatal(err)
		}
		v.Backings = append(v.Backings, core.Backing{Path: path})
	}
	// One task: whatever the file system, nothing may be wrong.
	p := parse(t, `
file A 2 pages holes 1 resident 0
file B 5 pages dirty 0
task w: dwrite A[0]; r0 = load A[0]; store A[0]+8; r1 = dread A[0]; r2 = read A[0]+8:8; dwrite A[1] from B[0]; r3 = read A[1]
find r0 == w.1 and r1 == w.1 and r2 == w.3 and r3 == w.6
`)
	for range 10 {
		res := v.Run(p)
		if errors.Is(res.Err, errors.ErrUnsupported) {
			t.Skip(res.Err)
		}
		if res.Err != nil || res.Found&prog.Incoherence != 0 || !res.Holds() {
			t.Fatalf("%v, %v", res.Describe(), res.Report())
		}
	}
}

// TestLiveRefuses what the engine cannot do.
func TestLiveRefuses(t *testing.T) {
	v := &Live{Engine: core.Raw{}, Backings: []core.Backing{{Disk: disk.NewMemory(0)}}}
	if res := v.Run(parse(t, "file A 1 page\ntask t: load A[0]\n")); !errors.Is(res.Err, errors.ErrUnsupported) {
		t.Errorf("%v, want unsupported", res.Err)
	}
	if res := v.Run(parse(t, "file A 1 page\ntask t: load A[0]\ntask u with t: unmap A\n")); !errors.Is(res.Err, errors.ErrUnsupported) {
		t.Errorf("%v: what another thread uses may be unmapped", res.Err)
	}
	if res := v.Run(parse(t, "file A 1 page\nfile B 1 page\ntask t: sync B\n")); res.Err == nil {
		t.Error("a file without a backing is not refused")
	}
}
