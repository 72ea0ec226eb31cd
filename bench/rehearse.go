package bench

import (
	"context"
	"time"

	"cohbench/workloads"
)

// rehearsals are two lengths of a rehearsal: what a case costs besides its measured time is
// partly fixed (preparing the file) and partly grows with it (a check at rest
// after every round).
var rehearsals = []time.Duration{60 * time.Millisecond, 180 * time.Millisecond}

// A cost is the wall time of a case that measures for d: fixed + perUnit * d.
type cost struct {
	fixed   time.Duration
	perUnit float64
}

func (c cost) of(d time.Duration) time.Duration {
	return c.fixed + time.Duration(c.perUnit*float64(d))
}

// fit draws the line through two rehearsals, which took so long. Noise must
// not make a case shorter than what it measures.
func fit(short, long time.Duration) cost {
	perUnit := max(1, float64(long-short)/float64(rehearsals[1]-rehearsals[0]))
	fixed := long - time.Duration(perUnit*float64(rehearsals[1]))
	return cost{max(0, fixed), perUnit}
}

// rehearse measures what cases cost, sets the plan's duration where the plan
// gives a budget instead, and learns how long a lone direct write takes.
func (r *Runner) rehearse(ctx context.Context) error {
	if err := r.measureSolo(ctx); err != nil {
		return err
	}
	for _, g := range r.groups {
		if _, done := r.costs[g.workload.Name]; done {
			continue
		}
		if err := r.rehearseGroup(ctx, g); err != nil {
			return err
		}
	}
	if r.Plan.Duration == 0 {
		r.Plan.Duration = r.affordable()
	}
	return nil
}

func (r *Runner) rehearseGroup(ctx context.Context, g group) error {
	var took []time.Duration
	for _, d := range rehearsals {
		start := time.Now()
		s := slot{contender{engine: r.Plan.cached()}, g, -1, r.Plan.Seed}
		out, err := r.runCase(ctx, s, d)
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
		r.unmeasured = append(r.unmeasured, r.record(s, out))
	}
	r.costs[g.workload.Name] = fit(took[0], took[1])
	return nil
}

// measureSolo sets soloP99 from one direct writer alone on the engine that is
// nearest to the device.
func (r *Runner) measureSolo(ctx context.Context) error {
	g := r.groups[0]
	solo := group{workload: workloads.DirectWrite, params: workloads.DirectWrite.Defaults}
	solo.params.Threads, solo.params.Partners = 1, 0
	solo.params.Block, solo.params.Size = g.params.Block, g.params.Size
	s := slot{contender{engine: r.Plan.bare()}, solo, -1, r.Plan.Seed}
	out, err := r.runCase(ctx, s, rehearsals[1])
	if err != nil {
		return err
	}
	for _, c := range out.Classes {
		if c.Hist != nil {
			r.soloP99 = max(r.soloP99, time.Duration(c.Hist.ValueAtPercentile(99)))
		}
	}
	return nil
}

// affordable is the duration per case for which the whole plan fits its budget.
func (r *Runner) affordable() time.Duration {
	fixed, perUnit := r.total()
	d := time.Duration(float64(r.Plan.Budget-fixed) / perUnit)
	return min(max(d, minDuration), maxDuration).Truncate(time.Millisecond)
}

// Estimate is how long the whole plan will take, by the rehearsals. Engines
// that deadlock, as controls do, end early.
func (r *Runner) Estimate() time.Duration {
	fixed, perUnit := r.total()
	return cost{fixed, perUnit}.of(r.Plan.Duration)
}

// total is the cost of all cases of the plan.
func (r *Runner) total() (fixed time.Duration, perUnit float64) {
	n := r.Plan.Reps * len(r.Plan.contenders())
	for _, g := range r.groups {
		c := r.costs[g.workload.Name]
		fixed += time.Duration(n) * c.fixed
		perUnit += float64(n) * c.perUnit
	}
	return fixed, perUnit
}
