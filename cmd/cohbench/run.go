package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"cohbench/bench"
	"cohbench/bench/result"
	"cohbench/core/disk"
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
