package fio

import (
	"context"
	"fmt"
	"time"

	"cohbench/bench"
	"cohbench/core"
	"cohbench/workloads"
)

// Names of the contenders that are fio.
const (
	Base  = "fio"
	Again = "fio again"
)

// A Contest compares engines with fio in one setting, on one file.
type Contest struct {
	Setting  Setting
	Backing  core.Backing // preallocated and written
	Rounds   int
	Ramp     time.Duration // unmeasured, before each run
	Duration time.Duration // of each run
	Seed     uint64
}

// A Run is one contender in one round.
type Run struct {
	Setting   Setting `json:"setting"`
	Contender string  `json:"contender"` // an engine, or Base or Again
	Round     int     `json:"round"`
	Measurement
}

// Contenders is fio, the engines of the setting, and fio again.
func (s Setting) Contenders() []string {
	names := []string{Base}
	for _, e := range s.engines {
		names = append(names, e.Name())
	}
	return append(names, Again)
}

// Run runs all rounds, each with the contenders in another order, the odd ones
// backwards (bench.Order). Each run is given to keep as it ends.
func (c *Contest) Run(ctx context.Context, keep func(Run) error) ([]Run, error) {
	var runs []Run
	names := c.Setting.Contenders()
	for round := range c.Rounds {
		for _, i := range bench.Order(c.Seed, round, len(names)) {
			m, err := c.measure(ctx, i, c.Seed+uint64(round))
			if err != nil {
				return runs, fmt.Errorf("%s: %s, round %d: %w", c.Setting, names[i], round+1, err)
			}
			runs = append(runs, Run{c.Setting, names[i], round, m})
			if err := keep(runs[len(runs)-1]); err != nil {
				return runs, err
			}
		}
	}
	return runs, nil
}

// measure runs the i-th contender once.
func (c *Contest) measure(ctx context.Context, i int, seed uint64) (Measurement, error) {
	if i > 0 && i <= len(c.Setting.engines) {
		return c.engine(ctx, c.Setting.engines[i-1], seed)
	}
	s := c.Setting
	return Job{
		Path: c.Backing.Path, Size: s.Size, Block: s.Block, Write: s.Write, IOEngine: s.IOEngine, Depth: s.Depth, Threads: s.Threads,
		Ramp: c.Ramp, Duration: c.Duration, Seed: seed,
	}.Run(ctx)
}

// engine runs a case with the oracle on. What the oracle finds is an error:
// these workloads show nothing on any system that keeps data.
func (c *Contest) engine(ctx context.Context, e core.Engine, seed uint64) (Measurement, error) {
	out, err := (&workloads.Case{
		Engine: e, Backing: []core.Backing{c.Backing}, Workload: c.Setting.workload(), Params: c.Setting.params(),
		Warmup: c.Ramp, Duration: c.Duration, Seed: seed, Oracle: true,
	}).Run(ctx)
	if err != nil {
		return Measurement{}, err
	}
	switch bad := out.Oracle.Bad() + out.Warmup.Bad(); {
	case out.Status != workloads.StatusOK:
		return Measurement{}, fmt.Errorf("%s: %s", out.Status, out.Detail)
	case bad != 0:
		return Measurement{}, fmt.Errorf("the oracle found %d wrong cells: %v", bad, out.Violations)
	case out.Oracle.Checked == 0:
		return Measurement{}, fmt.Errorf("the oracle checked nothing")
	}
	class := out.Classes[c.Setting.class()]
	if class == nil || class.Ops == 0 {
		return Measurement{}, fmt.Errorf("no %s in %v", c.Setting.class(), out.Elapsed)
	}
	return Measurement{
		Rate: float64(class.Ops) / out.Elapsed.Seconds(), Ops: class.Ops,
		P50: class.Hist.ValueAtPercentile(50), P99: class.Hist.ValueAtPercentile(99), P999: class.Hist.ValueAtPercentile(99.9),
	}, nil
}
