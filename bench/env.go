package bench

import (
	"fmt"
	"slices"

	"cohbench/bench/result"
	"cohbench/workloads"
)

// Env describes the run to be: the machine, and what the plan came to.
func (r *Runner) Env() result.Env {
	env := result.Collect(r.Plan.Dir)
	env.Seed = r.Plan.Seed
	env.Plan = r.summary()
	env.IO = string(r.Probe.Direct)
	if env.Probed == nil {
		env.Probed = map[string]string{}
	}
	env.Probed["direct_io"] = r.Probe.String()
	env.Probed["gomaxprocs_of_cases"] = fmt.Sprintf("tasks of the workload + %d, for all engines alike", workloads.DefaultProcs(0))
	env.Probed["solo_direct_write_p99"] = r.soloP99.String()
	for _, e := range r.Plan.Engines {
		claims := e.Claims()
		env.Engines = append(env.Engines, result.Engine{
			Name: e.Name(), Doc: e.Doc(), MMU: e.MMU(),
			Coherent: claims.Coherent, DeadlockFree: claims.DeadlockFree,
		})
	}
	env.MMU = r.Plan.mmu()
	return env
}

// mmu is what stands for the page tables of a run: those of the models, or
// else the kernel's own, or none at all.
func (p *Plan) mmu() string {
	found := "none"
	for _, e := range p.Engines {
		switch m := e.MMU(); m {
		case "none":
		case kernelMMU:
			found = m
		default:
			return m
		}
	}
	return found
}

// summary is the plan as a run directory keeps it. Block and Size are 0 where
// each workload has its own.
func (r *Runner) summary() result.Plan {
	first := r.groups[0].params
	p := result.Plan{
		Records: r.Plan.Cases(), Reps: r.Plan.Reps, Duration: r.Plan.Duration.Seconds(),
		Block: first.Block, Size: first.Size,
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
