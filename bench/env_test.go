package bench

import (
	"slices"
	"testing"

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
