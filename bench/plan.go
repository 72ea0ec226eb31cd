package bench

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/workloads"
)

// A Plan says what to measure. Zero fields take the defaults named; Engines
// and Workloads must be given ([Default], [Quick] and [Full] do).
type Plan struct {
	Dir       string        // where the data files go; default the working directory
	Device    string        // a block device to work on, instead of files in Dir; what is on it is destroyed
	Force     disk.Force    // what of that may be destroyed
	Engines   []core.Engine // raw, or else the first, is run twice: the A/A pair; one may come on several MMUs
	Workloads []*workloads.Workload
	Threads   []int // tasks of the main class; default each workload's own
	Block     int   // bytes per IO; default each workload's own
	Size      int64 // bytes per file; default each workload's own
	IODepth   int   // direct requests in flight per task, where the workload has such tasks and all engines can; default one
	Set       []Set // other parameters, for all workloads; default each workload's own. "rate" is of the primary class
	// Sweeps vary parameters: each workload runs with every combination.
	Sweeps   []Sweep
	Steady   *workloads.SteadyRule // before each case, wait until it is kept; default none
	Perf     bool                  // read the processor's counters, which costs a little at every switch of threads
	NoOracle bool                  // nothing is stamped or checked: to see what that costs
	Reps     int                   // repetitions; default 6

	// Duration is what is measured per case. 0: what Budget leaves for it.
	Duration time.Duration
	// Budget is the wall time of the whole run, preparation and checks
	// included, that Duration is derived from; default 100 s.
	Budget time.Duration

	// Seed is of the order and of every case: the same plan with the same seed
	// does the same again, as far as the machine lets it.
	Seed uint64
}

// Defaults of a plan. A comparison wants at least compare.MinReps repetitions.
const (
	defaultReps   = 6
	defaultBudget = 100 * time.Second
	quickReps     = 2
	quickBudget   = 24 * time.Second
	fullDuration  = time.Second
	fullReps      = 10
)

// Limits of a duration derived from a budget. Below the lower one a case is
// over before it has warmed up; a run then takes longer than its budget.
const (
	minDuration = 100 * time.Millisecond
	maxDuration = 10 * time.Second
)

// Default is what a run without options measures: the common engines on four
// workloads, six repetitions, in about a hundred seconds.
func Default() Plan {
	return Plan{
		Engines:   coherence.CommonEngines(mmu.KindSoft),
		Workloads: lookup("direct-write", "direct-write+load", "direct-write+store", "self-buffer"),
		Reps:      defaultReps,
		Budget:    defaultBudget,
	}
}

// Quick is Default within half a minute. It has too few repetitions for
// ratios: it shows whether things work, and what goes wrong at once.
func Quick() Plan {
	p := Default()
	p.Reps, p.Budget = quickReps, quickBudget
	return p
}

// Full is everything: all workloads, at 1, 2, 4 and 8 threads, ten repetitions
// of a second each. It takes more than an hour.
func Full() Plan {
	return Plan{
		Engines:   coherence.CommonEngines(mmu.KindSoft),
		Workloads: workloads.All(),
		Threads:   []int{1, 2, 4, 8},
		Reps:      fullReps,
		Duration:  fullDuration,
	}
}

// lookup returns the workloads of these names, which exist.
func lookup(names ...string) []*workloads.Workload {
	var list []*workloads.Workload
	for _, name := range names {
		w, err := workloads.Lookup(name)
		if err != nil {
			panic("bench: a default workload is missing")
		}
		list = append(list, w)
	}
	return list
}

// Check says what is wrong with a plan, as far as the plan alone can tell.
func (p Plan) Check() error {
	switch {
	case len(p.Engines) == 0:
		return errors.New("plan: no engine")
	case len(p.Workloads) == 0:
		return errors.New("plan: no workload")
	case p.Reps < 0 || p.Duration < 0 || p.Budget < 0 || p.Block < 0 || p.Size < 0 || p.IODepth < 0:
		return errors.New("plan: repetitions, durations and sizes must not be negative")
	}
	for i, e := range p.Engines {
		same := func(o core.Engine) bool { return o.Name() == e.Name() && o.MMU() == e.MMU() }
		if slices.ContainsFunc(p.Engines[:i], same) {
			return fmt.Errorf("plan: engine %s on MMU %s comes twice", e.Name(), e.MMU())
		}
	}
	for i, n := range p.Threads {
		if n < 1 || slices.Contains(p.Threads[:i], n) {
			return fmt.Errorf("plan: threads %v: want different numbers above 0", p.Threads)
		}
	}
	if _, err := p.expand(); err != nil {
		return err
	}
	for _, e := range p.Engines {
		if err := p.checkOn(e); err != nil {
			return err
		}
	}
	return nil
}

// checkOn says why e cannot do what the plan asks for.
func (p *Plan) checkOn(e core.Engine) error {
	for _, g := range p.groups() {
		if why := g.needsFile(); p.Device != "" && why != "" {
			return fmt.Errorf("plan: %s on device %s: %s", g.workload.Name, p.Device, why)
		}
		c := workloads.Case{
			Engine: e, Backing: make([]core.Backing, g.workload.Files),
			Workload: g.workload, Params: g.params,
		}
		if err := c.Check(); err != nil {
			return err
		}
	}
	return nil
}

// withDefaults fills in what may be left out.
func (p Plan) withDefaults() Plan {
	p.Dir = orDefault(p.Dir, ".")
	p.Reps = orDefault(p.Reps, defaultReps)
	p.Budget = orDefault(p.Budget, defaultBudget)
	return p
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Set sets a parameter of workloads by its name (workloads.Settings).
type Set struct{ Name, Value string }

// A group is what engines are compared on: one workload at one setting.
type group struct {
	workload *workloads.Workload
	params   workloads.Params
	set      string // what was set besides threads, block and size, by name
}

// needsFile says why a group cannot do with a block device; "" if it can.
func (g group) needsFile() string {
	switch {
	case g.workload.Resizes:
		return "it truncates its file and punches holes into it, which a device cannot do"
	case g.workload.Files > 1:
		return fmt.Sprintf("it wants %d files", g.workload.Files)
	case g.params.HolePct > 0 || g.params.Layout != workloads.LayoutWritten:
		return "a device has no holes, and nothing to preallocate"
	}
	return ""
}

// A contender is an engine in a repetition; pair is 1 for the A/A twin.
type contender struct {
	engine core.Engine
	pair   int
}

// procs is GOMAXPROCS for the cases of g: enough for all its tasks, and the same
// for an engine that runs only some of them.
func (g group) procs() int {
	return workloads.DefaultProcs(g.workload.Tasks(g.params))
}

// contenders lists the plan's engines, with the twin behind them.
func (p *Plan) contenders() []contender {
	var list []contender
	for _, e := range p.Engines {
		list = append(list, contender{e, 0})
	}
	return append(list, contender{p.bare(), 1})
}

// bare returns the engine without a cache, else the first: the one nearest to
// the device, whose figures vary least for reasons of its own.
func (p *Plan) bare() core.Engine {
	i := slices.IndexFunc(p.Engines, func(e core.Engine) bool { return e.MMU() == "none" })
	return p.Engines[max(i, 0)]
}

// cached returns the first engine that has a cache and does not expect to
// hang, which shows best what a case costs.
func (p *Plan) cached() core.Engine {
	i := slices.IndexFunc(p.Engines, func(e core.Engine) bool {
		return e.MMU() == kernelMMU || e.MMU() != "none" && e.Claims().DeadlockFree
	})
	return p.Engines[max(i, 0)]
}

// Cases is the number of cases the plan measures.
func (p *Plan) Cases() int {
	return p.Reps * len(p.groups()) * len(p.contenders())
}

// kernelMMU is the MMU of engines that are the kernel itself.
const kernelMMU = "kernel"
