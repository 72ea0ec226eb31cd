package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cohbench/bench"
	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/workloads"
)

// plan makes the plan and checks all that depends on the command line alone.
func (o *runOptions) plan(c *cobra.Command) (bench.Plan, error) {
	p := bench.Default()
	switch {
	case o.quick && o.full:
		return p, usage(errors.New("--quick and --full exclude each other"), "")
	case o.quick:
		p = bench.Quick()
	case o.full:
		p = bench.Full()
	}
	switch {
	case o.device != "" && c.Flags().Changed("dir"):
		return p, usage(errors.New("--device and --dir exclude each other"), "")
	case o.device == "" && o.force != "":
		return p, usage(errors.New("--force without --device: there is nothing to be destroyed"), "files are made in --dir, and no other file is written to")
	}
	if err := o.watch.check(); err != nil {
		return p, err
	}
	if err := o.chooseWhat(c, &p); err != nil {
		return p, err
	}
	if o.iodepth < 1 {
		return p, usage(fmt.Errorf("--iodepth %d: want at least 1", o.iodepth), "")
	}
	if err := o.checkAmounts(c); err != nil {
		return p, err
	}
	if o.threads != nil {
		p.Threads = o.threads
	}
	if o.reps != 0 {
		p.Reps = o.reps
	}
	if o.duration != 0 {
		p.Duration = o.duration
	}
	if !c.Flags().Changed("seed") {
		o.seed = rand.Uint64()
	}
	p.Device, p.Force = o.device, disk.Force(o.force)
	p.Dir, p.Block, p.Size, p.IODepth, p.Seed = o.dir, int(o.block), int64(o.size), o.iodepth, o.seed
	if err := o.vary(&p); err != nil {
		return p, err
	}
	if err := p.Check(); err != nil {
		return p, usage(err, o.planHint())
	}
	return p, nil
}

// checkAmounts refuses what would measure nothing. An option that was not given
// is 0, and stands for its default.
func (o *runOptions) checkAmounts(c *cobra.Command) error {
	switch given := c.Flags().Changed; {
	case given("reps") && o.reps < 1:
		return usage(fmt.Errorf("--reps %d: want at least 1", o.reps), "")
	case given("duration") && o.duration <= 0:
		return usage(fmt.Errorf("--duration %s: want more than 0", o.duration), "")
	}
	return nil
}

// Defaults of a steady state.
const (
	steadyWindow = 2 * time.Second
	steadyAtMost = 30 * time.Second
)

// parseSteady takes LIMIT[/WINDOW[/AT-MOST]].
func parseSteady(text string) (*workloads.SteadyRule, error) {
	rule := &workloads.SteadyRule{Window: steadyWindow, AtMost: steadyAtMost}
	limit, times, _ := strings.Cut(text, "/")
	percent, hasUnit := strings.CutSuffix(limit, "%")
	v, err := strconv.ParseFloat(percent, 64)
	rule.Limit = v / 100
	window, atMost, _ := strings.Cut(times, "/")
	for _, f := range []struct {
		text string
		to   *time.Duration
	}{{window, &rule.Window}, {atMost, &rule.AtMost}} {
		if f.text != "" && err == nil {
			*f.to, err = time.ParseDuration(f.text)
		}
	}
	if err != nil || !hasUnit || !(v > 0) || rule.Window <= 0 || rule.AtMost < rule.Window {
		return nil, fmt.Errorf("--steady %s: want LIMIT[/WINDOW[/AT-MOST]], such as 10%%/2s/30s", text)
	}
	return rule, nil
}

// vary sets the parameters that have no option of their own, and the sweeps.
func (o *runOptions) vary(p *bench.Plan) error {
	p.NoOracle, p.Perf = o.noOracle, o.perf
	if o.steady != "" {
		rule, err := parseSteady(o.steady)
		if err != nil {
			return usage(err, "")
		}
		p.Steady = rule
	}
	for _, r := range o.rates {
		name, value := "rate", r
		if class, v, ok := strings.Cut(r, "="); ok {
			name, value = "rate/"+class, v
		}
		p.Set = append(p.Set, bench.Set{Name: name, Value: value})
	}
	if o.arrival != "" {
		p.Set = append(p.Set, bench.Set{Name: "arrival", Value: o.arrival})
	}
	for _, name := range slices.Sorted(maps.Keys(o.set)) {
		p.Set = append(p.Set, bench.Set{Name: name, Value: o.set[name]})
	}
	for _, text := range o.sweeps {
		s, err := bench.ParseSweep(text)
		if err != nil {
			return usage(err, "")
		}
		p.Sweeps = append(p.Sweeps, s)
	}
	if o.arrival != "" && !offersRate(p) {
		return usage(fmt.Errorf("--arrival %s without --rate: nothing arrives at a rate", o.arrival), "add --rate, or --sweep rate/CLASS=...")
	}
	return nil
}

// offersRate reports whether operations are to begin on a schedule.
func offersRate(p *bench.Plan) bool {
	isRate := func(name string) bool { return name == "rate" || strings.HasPrefix(name, "rate/") }
	return slices.ContainsFunc(p.Set, func(s bench.Set) bool { return isRate(s.Name) }) ||
		slices.ContainsFunc(p.Sweeps, func(s bench.Sweep) bool { return isRate(s.Name) })
}

// planHint is what to do about a plan that cannot be carried out.
func (o *runOptions) planHint() string {
	if o.iodepth > 1 {
		return "--iodepth above 1 wants --engine kernel-aio or kernel-uring, and workloads such as direct-write, direct-read and direct-only"
	}
	return "change --threads, --block, --size, --set, --rate or --sweep"
}

// chooseWhat sets what is measured, where the command line says so.
func (o *runOptions) chooseWhat(c *cobra.Command, p *bench.Plan) error {
	tables, err := o.chooseMMUs(c)
	if err != nil {
		return err
	}
	if p.Engines, err = o.chooseEngines(tables); err != nil {
		return err
	}
	if o.workloads != nil {
		p.Workloads, err = choose("workload", o.workloads, workloads.Lookup)
	}
	return err
}

// chooseEngines is the engines on each of the MMUs; one that has nothing to do
// with them comes once.
func (o *runOptions) chooseEngines(tables []mmu.Kind) ([]core.Engine, error) {
	var all []core.Engine
	for _, k := range tables {
		engines := coherence.CommonEngines(k)
		if o.engines != nil {
			var err error
			lookup := func(name string) (core.Engine, error) { return lookupEngine(k, name) }
			if engines, err = choose("engine", o.engines, lookup); err != nil {
				return nil, err
			}
		}
		for _, e := range engines {
			if !slices.ContainsFunc(all, func(a core.Engine) bool { return a.Name() == e.Name() && a.MMU() == e.MMU() }) {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// chooseMMUs looks up what was asked for.
func (o *runOptions) chooseMMUs(c *cobra.Command) ([]mmu.Kind, error) {
	var kinds []mmu.Kind
	for _, name := range o.mmus {
		k, err := chooseMMU(c, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(kinds, k) {
			return nil, usage(fmt.Errorf("--mmu %s: %s comes twice", strings.Join(o.mmus, ","), k), "")
		}
		kinds = append(kinds, k)
		o.tables = append(o.tables, k.String())
	}
	if kinds == nil {
		return nil, usage(errors.New("--mmu names none"), "")
	}
	return kinds, nil
}

// chooseMMU never takes other page tables than were asked for; with "auto" it
// says what it has taken, and why, if that is not the real thing.
func chooseMMU(c *cobra.Command, name string) (mmu.Kind, error) {
	k, why, err := mmu.Choose(name)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return k, environment(fmt.Errorf("--mmu %s: %w", name, err), "--mmu soft works everywhere")
	case err != nil:
		return k, usage(err, "")
	case why != nil:
		warn(c, "page faults are simulated (MMU %s), for there are no real ones: %v", k, why)
	}
	return k, nil
}
