package bench

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/core"
	"cohbench/workloads"
)

func TestPresets(t *testing.T) {
	def, quick, full := Default(), Quick(), Full()
	if len(def.Workloads) != 4 || def.Reps < compare.MinReps {
		t.Errorf("default: %d workloads, %d repetitions: want 4, and enough for ratios", len(def.Workloads), def.Reps)
	}
	if quick.Reps >= compare.MinReps || quick.Budget > 30*time.Second {
		t.Errorf("quick: %d repetitions in %v", quick.Reps, quick.Budget)
	}
	if len(quick.Engines) != len(def.Engines) {
		t.Errorf("quick leaves out engines: %d of %d", len(quick.Engines), len(def.Engines))
	}
	if len(full.Workloads) != len(workloads.All()) || full.Reps < 10 {
		t.Errorf("full: %d workloads, %d repetitions", len(full.Workloads), full.Reps)
	}
	if want := full.Reps * len(full.Workloads) * 4 * (len(full.Engines) + 1); full.Cases() != want {
		t.Errorf("full: %d cases, want %d", full.Cases(), want)
	}
}

func TestPlanDefaults(t *testing.T) {
	p := Plan{Engines: engines(t, "raw"), Workloads: []*workloads.Workload{workloads.DirectWrite}}.withDefaults()
	g := p.groups()
	if len(g) != 1 || g[0].params != workloads.DirectWrite.Defaults {
		t.Errorf("groups %+v, want one with the workload's own parameters", g)
	}
	if p.Reps != defaultReps || p.Budget != defaultBudget || p.Dir != "." {
		t.Errorf("defaults: %+v", p)
	}
}

func TestPlanCheck(t *testing.T) {
	for name, p := range map[string]Plan{"default": Default(), "quick": Quick(), "full": Full()} {
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := Plan{Engines: engines(t, "raw"), Workloads: []*workloads.Workload{workloads.DirectWrite}}
	for want, spoil := range map[string]func(*Plan){
		"no engine":      func(p *Plan) { p.Engines = nil },
		"no workload":    func(p *Plan) { p.Workloads = nil },
		"threads [2 0]":  func(p *Plan) { p.Threads = []int{2, 0} },
		"threads [4 4]":  func(p *Plan) { p.Threads = []int{4, 4} },
		"negative":       func(p *Plan) { p.Duration = -1 },
		"IO depth":       func(p *Plan) { p.IODepth = 2 },
		"direct-write: ": func(p *Plan) { p.Block = 1000 },
		"self-buffer: ": func(p *Plan) {
			p.Workloads = append(slices.Clip(p.Workloads), workloads.SelfBuffer)
			p.Threads, p.Size = []int{1, 64}, 64<<10
		},
	} {
		p := good
		spoil(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, have %v", want, err)
		}
	}
}

func TestGroupsOverride(t *testing.T) {
	p := Plan{
		Workloads: []*workloads.Workload{workloads.DirectWrite, workloads.SelfBuffer},
		Threads:   []int{1, 8}, Block: 65536, Size: 1 << 20,
	}
	gs := p.groups()
	if len(gs) != 4 {
		t.Fatalf("%d groups, want 4", len(gs))
	}
	last := gs[3]
	if last.workload != workloads.SelfBuffer || last.params.Threads != 8 || last.params.Block != 65536 || last.params.Size != 1<<20 {
		t.Errorf("last group: %s %+v", last.workload.Name, last.params)
	}
	if workloads.SelfBuffer.Defaults.Size == 1<<20 {
		t.Error("the workload's defaults were changed")
	}
}

func TestTwin(t *testing.T) {
	for _, tt := range []struct {
		engines []core.Engine
		twin    string
	}{
		{engines(t, "addlock", "raw", "none"), "raw"},
		{engines(t, "double-invalidate", "none"), "double-invalidate"},
	} {
		p := Plan{Engines: tt.engines}
		list := p.contenders()
		last := list[len(list)-1]
		if len(list) != len(tt.engines)+1 || last.pair != 1 || last.engine.Name() != tt.twin {
			t.Errorf("contenders %v: want all engines, and %s twice", list, tt.twin)
		}
	}
}

// The number of Ps is part of what is measured, so it must not depend on the
// engine.
func TestProcsCountEveryRole(t *testing.T) {
	g := group{workload: workloads.FaultStorm, params: workloads.FaultStorm.Defaults}
	if got, want := g.procs(), workloads.DefaultProcs(g.params.Threads+g.params.Partners); got != want {
		t.Errorf("%d Ps, want %d", got, want)
	}
}
