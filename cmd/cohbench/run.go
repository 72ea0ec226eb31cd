package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"cohbench/bench"
	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/workloads"
)

// runOptions is the command line of run.
type runOptions struct {
	engines, workloads []string
	threads            []int
	iodepth            int
	block, size        size
	duration           time.Duration
	reps               int
	dir, out           string
	device, force      string
	mmus               []string
	seed               uint64
	set                map[string]string
	rates              []string
	arrival            string
	sweeps             []string
	noOracle, perf     bool
	traceLocks         bool
	steady             string
	quick, full        bool
	json               bool
	watch              watchOptions

	campaignFile, resume string
	tables               []string // the MMUs that were chosen
}

func newRun() *cobra.Command { return new(runOptions).command() }

// command is the command that sets the options and runs.
func (o *runOptions) command() *cobra.Command {
	c := &cobra.Command{
		Use:   "run",
		Short: "Measure engines on workloads",
		Long: "run measures every engine on every workload, interleaved and repeatedly, and prints\n" +
			"a table. All that was measured, with plots and a report, goes to a new directory.\n" +
			"Lists are separated by commas; 'cohbench list' says what there is.\n\n" +
			"Engine kernel is the running kernel on the file system of --dir. It claims nothing:\n" +
			"what is found there is a result, and the exit status stays 0.",
		Example: "  cohbench run --quick\n" +
			"  cohbench run --engine raw,addlock --workload direct-write --threads 1,8 --block 64k\n" +
			"  cohbench run --engine kernel --workload direct-write+store --block 64k --dir /mnt/test",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.engines, "engine", nil, "engines to measure (default all but the kernel's own)")
	f.StringSliceVar(&o.workloads, "workload", nil, "workloads to run (default four of them)")
	f.IntSliceVar(&o.threads, "threads", nil, "numbers of threads (default the workload's)")
	f.Var(&o.block, "block", "bytes per IO, such as 4k (default the workload's)")
	f.IntVar(&o.iodepth, "iodepth", 1, "direct requests that a task keeps in flight; above 1 with engines kernel-aio and kernel-uring,\n"+
		"on workloads with such tasks")
	f.DurationVar(&o.duration, "duration", 0, "measured time per case, such as 2s (default what fits the time of a run)")
	f.IntVar(&o.reps, "reps", 0, "repetitions (default 6; no ratios are claimed below that)")
	f.StringVar(&o.dir, "dir", ".", "directory for the data files, which are removed again")
	f.StringVar(&o.device, "device", "", "block device to work on, instead of files: whatever is on it is destroyed; needs --force")
	f.StringVar(&o.force, "force", "", "let --device overwrite a device on which nothing is recognised; --force=ext4 also one with an ext4 on it,\n"+
		"and so on: a refusal says the word. A device in use is refused in any case")
	f.Lookup("force").NoOptDefVal = string(disk.ForceBlank)
	f.Var(&o.size, "size", "bytes per data file, such as 16m (default the workload's)")
	f.StringVar(&o.out, "out", "", "directory for the results, which must not exist (default cohbench-DATE-TIME)")
	f.StringSliceVar(&o.mmus, "mmu", []string{"auto"}, "page tables behind mappings: userfaultfd (real page faults), soft, or auto: the first that there is;\n"+
		"soft,userfaultfd runs every engine on both, and the report says whether they agree")
	f.StringSliceVar(&o.rates, "rate", nil, "open loop: operations per second that are to begin, all tasks together, however long each takes:\n"+
		"of the workload's primary class (5k), or of the classes named (direct-write=5k,store=20k);\n"+
		"latencies then count from when an operation was due")
	f.StringVar(&o.arrival, "arrival", "", "how such operations are spread in time: constant (default) or poisson")
	f.StringArrayVar(&o.sweeps, "sweep", nil, "values that a parameter takes in turn: threads=1..16x2, block=4k,64k,1m, rate/fault=1k..64kx2;\n"+
		"several sweeps multiply")
	f.BoolVar(&o.traceLocks, "trace-locks", false, "afterwards watch who holds and who waits for the pagecache locks, in cases of their own\n"+
		"that are in no record; for the plot of the timeline")
	f.BoolVar(&o.noOracle, "no-oracle", false, "stamp and check nothing: to see what that costs")
	f.BoolVar(&o.perf, "perf", false, "read the processor's counters (perf_event_open), as far as there are any; costs a little at every switch of threads")
	f.StringVar(&o.steady, "steady", "", "before measuring, wait until the rate of the primary class neither rises, falls nor strays by more than\n"+
		"a share of its mean: LIMIT[/WINDOW[/AT-MOST]], such as 10%/2s/30s")
	f.StringVar(&o.campaignFile, "campaign", "", "file of such options, or one that comes with cohbench ('cohbench list'); the command line goes before it")
	f.StringVar(&o.resume, "resume", "", "go on with a run that was interrupted or killed: its directory. Nothing is measured twice")
	f.StringToStringVar(&o.set, "set", nil, "other parameters of the workloads, such as partners=1,round=20ms; 'cohbench list' has them")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the order and of every case (default a random one)")
	f.BoolVar(&o.quick, "quick", false, "half a minute: see whether it works, claim no ratios")
	f.BoolVar(&o.full, "full", false, "all workloads, at 1, 2, 4 and 8 threads: takes hours")
	f.BoolVar(&o.json, "json", false, "print the records as JSON lines, as they are measured, and no table")
	o.watch.addFlags(f)
	return c
}

func (o *runOptions) run(c *cobra.Command) error {
	if err := o.load(c); err != nil {
		return err
	}
	plan, err := o.plan(c)
	if err != nil {
		return err
	}
	if o.resume == "" {
		if err := o.chooseOut(time.Now()); err != nil {
			return err
		}
	}
	if err := probeEngines(plan.Engines); err != nil {
		return err
	}
	if o.device == "" {
		probe, err := disk.ProbeDir(o.dir)
		if err != nil {
			return setupError(err)
		}
		if err := unfit(c, probe); err != nil {
			return err
		}
	}
	w, err := o.watch.start(c)
	if err != nil {
		return err
	}
	return errors.Join(o.measure(c, plan, w), w.close())
}

// load sets the options that stand in files.
func (o *runOptions) load(c *cobra.Command) error {
	switch {
	case o.resume != "":
		return o.loadResume(c)
	case o.campaignFile != "":
		return o.loadCampaign(c, o.campaignFile)
	}
	return nil
}

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

// chooseOut names the directory for the results. One that exists, or cannot be
// made, is refused before anything is prepared or measured.
func (o *runOptions) chooseOut(now time.Time) error {
	if o.out == "" {
		o.out = now.Format("cohbench-20060102-150405")
	}
	_, err := os.Lstat(o.out)
	switch {
	case err == nil:
		return environment(fmt.Errorf("results directory %s: exists already", o.out), "name another with --out: results are never overwritten")
	case !errors.Is(err, fs.ErrNotExist):
		return environment(fmt.Errorf("results directory: %w", err), "name another with --out")
	}
	if err := tryMake(filepath.Dir(o.out)); err != nil {
		return environment(fmt.Errorf("results directory %s: %w", o.out, err), "name another with --out")
	}
	return nil
}

// tryMake finds out whether a directory can be made in dir, or in the first
// directory above it that there is.
func tryMake(dir string) error {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	made, err := os.MkdirTemp(dir, ".cohbench-")
	if err != nil {
		return err
	}
	return os.Remove(made)
}

// measure runs the plan and prints what came of it.
func (o *runOptions) measure(c *cobra.Command, plan bench.Plan, w *watcher) error {
	ctx := c.Context()
	p := newProgress(c.ErrOrStderr())
	p.say("preparing %s", cmp.Or(o.device, "data files in "+o.dir))
	r, err := bench.NewRunner(ctx, plan)
	if err != nil {
		return o.aborted(ctx, err)
	}
	open := func() (*result.Dir, error) { return o.create(c, r) }
	if o.resume != "" {
		open = func() (*result.Dir, error) { return o.reopen(r) }
	}
	dir, err := open()
	if err != nil {
		return errors.Join(err, r.Close())
	}
	rep, err := r.Run(ctx, w.sink(o.sink(c, dir)), w.progress(p))
	if err == nil && o.traceLocks && !rep.Interrupted {
		p.say("watching the locks")
		err = r.TraceLocks(ctx, dir.AddTrace)
	}
	p.done()
	// The files go first: whatever fails from here on leaves none behind.
	if err := errors.Join(setupError(err), r.Close(), dir.Finish(), dir.Close(), w.close()); err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "what was measured until then is in %s\n", o.out)
		return err
	}
	return o.conclude(c, rep)
}

// aborted is the error of a run that measured nothing.
func (o *runOptions) aborted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &exitError{statusInterrupted, errors.New("interrupted: nothing was measured"), ""}
	}
	return setupError(err)
}

// sink is where records go: to the directory, and with --json to stdout too.
func (o *runOptions) sink(c *cobra.Command, dir *result.Dir) bench.Sink {
	if !o.json {
		return dir
	}
	return &printer{dir, json.NewEncoder(c.OutOrStdout())}
}

// printer is a Sink that prints what it has kept.
type printer struct {
	*result.Dir
	out *json.Encoder
}

// Append implements bench.Sink.
func (p *printer) Append(r *result.Record, hists map[string]*hdrhistogram.Histogram) error {
	if err := p.Dir.Append(r, hists); err != nil {
		return err
	}
	return p.out.Encode(r)
}

// conclude prints the results, writes the report, and decides the status.
func (o *runOptions) conclude(c *cobra.Command, rep *bench.Report) error {
	if len(rep.Records) > 0 {
		if err := o.present(c); err != nil {
			fmt.Fprintf(c.ErrOrStderr(), "what was measured is in %s\n", o.out)
			return err
		}
	}
	for _, w := range rep.Verdict.Warnings {
		warn(c, "%s", w)
	}
	fmt.Fprintf(c.ErrOrStderr(), "results, plots and report are in %s\n", o.out)
	return status(c, rep)
}

// present reads the run back and shows it: what is printed is what was kept.
func (o *runOptions) present(c *cobra.Command) error {
	run, err := openRun(c, o.out)
	if err != nil {
		return err
	}
	if !o.json {
		if err := printTable(c, run); err != nil {
			return err
		}
	}
	_, err = writeReport(run)
	return err
}

// status is the outcome of a run as an error. A broken claim outweighs the
// interrupt after it.
func status(c *cobra.Command, rep *bench.Report) error {
	for _, b := range rep.Verdict.Broken {
		fmt.Fprintf(c.ErrOrStderr(), "error: %s\n", b)
	}
	switch {
	case len(rep.Verdict.Broken) > 0:
		return &exitError{status: statusBroken}
	case rep.Interrupted:
		return &exitError{statusInterrupted, fmt.Errorf("interrupted after %d cases, which are kept", len(rep.Records)), ""}
	}
	return nil
}
