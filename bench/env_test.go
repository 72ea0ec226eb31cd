package bench

import (
	"slices"
	"testing"

	"cohbench/core"
	"cohbench/core/kernelfs"
	"cohbench/workloads"
)

func TestEnv(t *testing.T) {
	p := shortPlan(t, "raw", "addlock", "none")
	p.Threads = []int{1, 2}
	env := newRunner(t, p).Env()
	if env.MMU != "soft" || env.Seed != p.Seed || env.IO == "" || len(env.Engines) != 3 {
		t.Errorf("MMU %q, seed %d, IO %q, %d engines", env.MMU, env.Seed, env.IO, len(env.Engines))
	}
	if e := env.Engines[1]; e.Name != "addlock" || e.Doc == "" || !e.Coherent || !e.DeadlockFree {
		t.Errorf("engine %+v", e)
	}
	if e := env.Engines[2]; e.Name != "none" || e.Coherent {
		t.Errorf("engine %+v", e)
	}
}

// What is said of the page tables does not hang on the order of the engines.
func TestTheMMUOfARun(t *testing.T) {
	raw, model, kernel := engines(t, "raw")[0], engines(t, "none")[0], kernelfs.Engines()[0]
	for _, c := range []struct {
		engines []core.Engine
		want    string
	}{
		{[]core.Engine{raw}, "none"},
		{[]core.Engine{raw, kernel}, "kernel"},
		{[]core.Engine{kernel, raw, model}, "soft"},
		{[]core.Engine{model, kernel}, "soft"},
	} {
		p := Plan{Engines: c.engines}
		if got := p.mmu(); got != c.want {
			t.Errorf("%v: %s, want %s", c.engines, got, c.want)
		}
	}
	p := Plan{Engines: []core.Engine{raw, model, kernel}}
	if e := p.cached(); e.Name() != "kernel" {
		t.Errorf("%s is rehearsed: raw has no cache, and a control may hang", e.Name())
	}
}

func TestSummary(t *testing.T) {
	p := Plan{
		Engines:   engines(t, "raw", "addlock"),
		Workloads: []*workloads.Workload{workloads.DirectWrite, workloads.DirectWriteStore},
		Threads:   []int{1, 8}, Reps: 3, Size: 1 << 20,
	}
	r := Runner{Plan: p, groups: p.groups()}
	s := r.summary()
	if s.Records != 3*2*2*3 || !slices.Equal(s.Threads, []int{1, 8}) || len(s.Workloads) != 2 {
		t.Errorf("summary %+v", s)
	}
	if s.Size != 1<<20 || s.Block != 0 {
		t.Errorf("size %d, block %d: want the common size, and no block, of which there are two", s.Size, s.Block)
	}
}
