package bench

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core/coherence"
	"cohbench/core/mmu"
	"cohbench/workloads"
)

// One engine on two MMUs in one run: two cases, told apart in everything that
// is kept, and compared.
func TestRunOnTwoMMUs(t *testing.T) {
	if err := mmu.KindUserfaultfd.Probe(); err != nil {
		t.Skip(err)
	}
	p := shortPlan(t, "raw", "addlock")
	real, err := coherence.LookupOn(mmu.KindUserfaultfd, "addlock")
	if err != nil {
		t.Fatal(err)
	}
	p.Engines = append(p.Engines, real)
	p.Workloads = []*workloads.Workload{workloads.DirectWriteStore}
	r := newRunner(t, p)
	env := r.Env()
	if env.MMU != "soft,userfaultfd" || len(env.Engines) != 2 || env.Engines[1].MMU != "soft,userfaultfd" {
		t.Errorf("MMU %s, engines %v", env.MMU, env.Engines)
	}
	path := filepath.Join(t.TempDir(), "run")
	dir, err := result.Create(path, env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	run, err := result.Open(path)
	if err != nil || len(run.Problems) > 0 || len(run.Records) != p.Cases() {
		t.Fatalf("%d records of %d, %v, %v", len(run.Records), p.Cases(), run.Problems, err)
	}
	files := map[string]string{}
	for i := range run.Records {
		rec := &run.Records[i]
		h, err := run.Histogram(rec, "direct-write")
		if err != nil || h.Max() != rec.Latency["direct-write"].Max {
			t.Errorf("%s on %s: not its own histogram: %v", rec.Engine, rec.MMU, err)
		}
		name := rec.Hist["direct-write"]
		if mmu, taken := files[name]; taken && mmu != rec.MMU {
			t.Errorf("%s holds both %s and %s", name, mmu, rec.MMU)
		}
		files[name] = rec.MMU
	}
	if rankings := compare.Rankings(run); len(rankings) != 1 || !slices.Equal(rankings[0].Engines, []string{"raw", "addlock"}) {
		t.Errorf("rankings %+v", rankings)
	}
}

func TestPlanRefusesAnEngineTwice(t *testing.T) {
	p := Plan{Engines: engines(t, "raw", "addlock", "addlock"), Workloads: []*workloads.Workload{workloads.DirectWrite}}
	if err := p.Check(); err == nil || !strings.Contains(err.Error(), "addlock on MMU soft comes twice") {
		t.Error(err)
	}
}

// What an engine does on one MMU is not held against it on the other.
func TestJudgeTellsMMUsApart(t *testing.T) {
	v := Judge(engines(t, "addlock"), []result.Record{
		{Engine: "addlock", Workload: "mixed", MMU: "soft", Status: "ok", Exposures: 3},
		{Engine: "addlock", Workload: "mixed", MMU: "userfaultfd", Status: "ok", Exposures: 4, Oracle: result.Oracle{Stale: 1}},
	})
	want := []string{"addlock on MMU userfaultfd claims to be coherent: mixed: 1 stale (cells, in 4 exposures)"}
	if !slices.Equal(v.Broken, want) {
		t.Errorf("%q", v.Broken)
	}
}
