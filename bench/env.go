package bench

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/workloads"
)

// Env describes the run to be: the machine, and what the plan came to.
func (r *Runner) Env() result.Env {
	env := result.Collect(cmp.Or(r.Plan.Device, r.Plan.Dir))
	env.Seed = r.Plan.Seed
	env.PID = os.Getpid()
	env.Plan = r.summary()
	env.IO = string(r.Probe.Direct)
	if env.Probed == nil {
		env.Probed = map[string]string{}
	}
	env.Probed["direct_io"] = r.Probe.String()
	env.Probed["gomaxprocs_of_cases"] = fmt.Sprintf("tasks of the workload + %d, for all engines alike", workloads.DefaultProcs(0))
	env.Probed["solo_direct_write_p99"] = r.soloP99.String()
	if r.counters != nil {
		for name, why := range r.counters.Missing {
			env.Probed["perf_"+name] = why
		}
	}
	env.Engines = describe(r.Plan.Engines)
	env.MMU = r.Plan.mmu()
	return env
}

// describe lists each engine once, with all its MMUs.
func describe(engines []core.Engine) []result.Engine {
	var list []result.Engine
	for _, e := range engines {
		if i := slices.IndexFunc(list, func(o result.Engine) bool { return o.Name == e.Name() }); i >= 0 {
			list[i].MMU += "," + e.MMU()
			continue
		}
		claims := e.Claims()
		list = append(list, result.Engine{
			Name: e.Name(), Doc: e.Doc(), MMU: e.MMU(),
			Coherent: claims.Coherent, DeadlockFree: claims.DeadlockFree,
		})
	}
	return list
}

// mmu is what stands for the page tables of a run: those of the models, in
// order of appearance, or else the kernel's own, or none at all.
func (p *Plan) mmu() string {
	var models []string
	found := "none"
	for _, e := range p.Engines {
		switch m := e.MMU(); {
		case m == "none" || slices.Contains(models, m):
		case m == kernelMMU:
			found = m
		default:
			models = append(models, m)
		}
	}
	if models != nil {
		return strings.Join(models, ",")
	}
	return found
}

// summary is the plan as a run directory keeps it. Block and Size are 0 where
// each workload has its own.
func (r *Runner) summary() result.Plan {
	first := r.groups[0].params
	p := result.Plan{
		Records: r.Plan.Cases(), Reps: r.Plan.Reps, Duration: r.Plan.Duration.Seconds(),
		Block: first.Block, Size: first.Size, IODepth: depth(first),
	}
	for _, g := range r.groups {
		if g.params.Block != p.Block {
			p.Block = 0
		}
		if g.params.Size != p.Size {
			p.Size = 0
		}
		if !slices.Contains(p.Threads, g.params.Threads) {
			p.Threads = append(p.Threads, g.params.Threads)
		}
		if !slices.Contains(p.Workloads, g.workload.Name) {
			p.Workloads = append(p.Workloads, g.workload.Name)
		}
	}
	return p
}
