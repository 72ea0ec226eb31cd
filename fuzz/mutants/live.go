package mutants

import (
	"math/rand/v2"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

const (
	livePrograms = 2_000
	liveRuns     = 4 // of each program
)

// live runs random programs on real threads, for what a scheduler does not
// see: the paths that are taken only without one. It is the one hunter that may
// miss today what it caught yesterday. What never ends is for Config.Notice to
// tell.
func (h *hunt) live() (*Catch, error) {
	backings := make([]core.Backing, prog.MaxFiles)
	for i := range backings {
		backings[i].Disk = disk.NewMemory(0)
	}
	g := prog.Generator{Rand: rand.New(rand.NewPCG(h.Seed, 1))}
	policies := claiming()
	for i := range livePrograms {
		g.Limits = prog.Limits{Tasks: 2 + i%2, Ops: 12}
		if i%programsPerSwarm == 0 {
			g.Swarm()
		}
		p := g.Program()
		_, _, unsafe := p.UnmapsShared() // which live refuses
		if unsafe || unclaimed(p) || manyCopies(p) {
			continue
		}
		v := &exec.Live{Engine: &core.Model{Policy: policies[i%len(policies)]}, Backings: backings}
		h.notice("live", v.Engine.Name(), p)
		for range liveRuns {
			h.runs++
			if bad := judge(p, v.Run(p)); bad != "" {
				return &Catch{By: "live", Engine: v.Engine.Name(), Kind: bad, Runs: h.runs, Witness: p}, nil
			}
		}
	}
	return nil, nil
}

// manyCopies reports whether so many operations copy from file to file that
// finding out what came from where would take longer than running them.
func manyCopies(p *prog.Program) bool {
	n := 0
	for i := range p.Tasks {
		for _, op := range p.Tasks[i].Ops {
			if op.Buf.Mapped {
				n++
			}
		}
	}
	return n > 5
}
