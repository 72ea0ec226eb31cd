package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

// kernelName is the engine whose schedules cannot be chosen.
const kernelName = "kernel"

// withoutKernel is the names of models among those of engines, and whether the
// kernel is there, too.
func withoutKernel(names []string) (models []string, kernel bool) {
	for _, name := range names {
		if name == kernelName {
			kernel = true
		} else {
			models = append(models, name)
		}
	}
	return models, kernel
}

// kernelFlags is how programs are run on the kernel.
type kernelFlags struct {
	dirs    []string
	shots   int
	free    int
	seed    uint64
	limit   time.Duration
	explain bool
	from    []string
	stopper stopperChoice
}

func (f *kernelFlags) add(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.dirs, "dir", nil, "with --engine kernel: directories, one for each file system")
	c.Flags().IntVar(&f.shots, "shots", 20, "with --engine kernel: runs with a direct write held, to find a rate or nothing")
	c.Flags().IntVar(&f.free, "free", 200, "with --engine kernel: runs left to chance where no held write shows anything")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "with --engine kernel: of the delays in runs left to chance")
	f.stopper = autoStopper
	c.Flags().Var(&f.stopper, "stopper", stopperUsage)
	c.Flags().DurationVar(&f.limit, "limit", 2*time.Minute, "with --engine kernel: what takes longer for one test hangs")
	c.Flags().StringSliceVar(&f.from, "from", nil, "run nothing: one table of what --engine kernel --json has written to these files, a column each")
	c.Flags().BoolVar(&f.explain, "explain", false, "with --engine kernel: say below the table how what was found came about")
}

func (f *kernelFlags) check() error {
	if f.shots <= 0 || f.free <= 0 || f.limit <= 0 {
		return usage(errors.New("--shots, --free and --limit: want more than nothing"), "")
	}
	return nil
}

// site is a file system on which programs are run.
type site struct {
	dir     string
	engine  core.Engine
	probe   disk.Probe
	windows shoot.Windows
	shooter *shoot.Shooter
	files   []*disk.File
	stopper stopper
	busy    bool // a test was left behind, and may use all of this

	patience time.Duration // 0: the default
}

// newSite makes the data files in a directory, and finds out what holding
// direct writes is worth there.
func newSite(dir string, seed uint64, choice stopperChoice) (*site, error) {
	t := &site{dir: dir, engine: kernelfs.Engine{}}
	if err := t.open(seed, choice); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

func (t *site) open(seed uint64, choice stopperChoice) (err error) {
	if t.probe, err = disk.ProbeDir(t.dir); err != nil {
		return setupError(err)
	}
	if t.probe.Direct == disk.Refused {
		return environment(fmt.Errorf("direct IO in %s: %s", t.dir, t.probe.Why), directHint)
	}
	cfg := shoot.Config{Engine: t.engine, After: time.After, Patience: t.patience, Rand: rand.New(rand.NewPCG(seed, 0))}
	for i := range prog.MaxFiles {
		name := fmt.Sprintf("cohbench-%d-litmus-%d-%d.dat", os.Getpid(), rand.Uint32(), i)
		f, err := disk.Create(filepath.Join(t.dir, name), mmu.StopperSize)
		if err != nil {
			return setupError(err)
		}
		t.files = append(t.files, f)
		cfg.Backings = append(cfg.Backings, core.Backing{Path: filepath.Join(t.dir, name)})
	}
	if !isKernel(t.engine) {
		cfg.Backings = nil
		for _, f := range t.files {
			cfg.Backings = append(cfg.Backings, core.Backing{Disk: f})
		}
		t.shooter = shoot.New(cfg)
		return nil
	}
	if t.stopper, err = choice.open(); err != nil {
		return err
	}
	if t.stopper.memory == nil {
		t.windows.Why = t.stopper.why
		t.shooter = shoot.New(cfg)
		return nil
	}
	cfg.Stopper = t.stopper.memory
	t.shooter = shoot.New(cfg)
	t.windows, err = t.shooter.Probe()
	return err
}

func (t *site) close() (err error) {
	for _, f := range t.files {
		err = errors.Join(err, f.Remove())
	}
	if t.stopper.memory != nil && !t.busy { // else it goes with the process
		err = errors.Join(err, t.stopper.memory.Close())
	}
	return err
}

// describe is the heading of its column.
func (t *site) describe() string {
	r := shotRecord{FSType: t.probe.FSType, Direct: string(t.probe.Direct), Windows: t.windows, Stopper: t.stopper.name, Lacking: t.stopper.why}
	return r.describe(t.dir)
}

// openSites opens what --dir names.
func (f *kernelFlags) openSites() (list []*site, err error) {
	if len(f.dirs) == 0 {
		return nil, usage(errors.New("--engine kernel: on which file system?"), "--dir DIR, or --dir DIR,DIR for several")
	}
	for _, dir := range f.dirs {
		t, err := newSite(dir, f.seed, f.stopper)
		if err != nil {
			return nil, errors.Join(err, closeSites(list))
		}
		list = append(list, t)
	}
	return list, nil
}

func closeSites(list []*site) (err error) {
	for _, t := range list {
		err = errors.Join(err, t.close())
	}
	return err
}

// errHangs is a test that does not end.
var errHangs = errors.New("does not end: a hang of the kernel, or of the test")

// ask runs one test on one file system. What hangs is left to the end of the
// process.
func (t *site) ask(ctx context.Context, p *prog.Program, f *kernelFlags) (*shoot.Report, error) {
	type answer struct {
		report *shoot.Report
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		r, err := t.shooter.Search(p, shoot.Effort{Shots: f.shots, Free: f.free})
		got <- answer{r, err}
	}()
	limit := time.NewTimer(f.limit)
	defer limit.Stop()
	select {
	case a := <-got:
		return a.report, a.err
	case <-limit.C:
		t.busy = true
		return nil, fmt.Errorf("%s on %s in %s: %w", p.Name, t.probe.FSType, t.dir, errHangs)
	case <-ctx.Done():
		t.busy = true
		return nil, &exitError{statusInterrupted, nil, ""}
	}
}

// runKernel asks every test of every file system, in turn, and prints as it
// goes.
func (o *litmusOptions) runKernel(c *cobra.Command, tests []*prog.Program, models []*core.Model) (err error) {
	defer shoot.Procs(prog.MaxTasks)()
	sites, err := o.openSites()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSites(sites)) }()
	for _, t := range sites {
		if t.probe.Direct != disk.Direct {
			warn(c, "direct IO in %s is %s (%s): what is not found there says nothing about direct IO", t.dir, t.probe.Direct, t.probe.Why)
		}
	}
	var table *litmusTable
	if !o.json {
		columns := modelColumns(models)
		for _, t := range sites {
			columns = append(columns, t.describe())
		}
		if table, err = newLitmusTable(c.OutOrStdout(), tests, columns, o); err != nil {
			return err
		}
	}
	var accounts strings.Builder
	for _, p := range tests {
		row, err := o.askAll(c.Context(), p, sites, &accounts)
		if err != nil {
			return err
		}
		cells, err := o.searchAll(c, p, models)
		if err != nil {
			return err
		}
		if o.json {
			e := json.NewEncoder(c.OutOrStdout())
			err = encodeRow(e, cells)
			for i := range row {
				err = errors.Join(err, e.Encode(row[i]))
			}
		} else {
			err = table.rowWith(p, cells, row)
		}
		if err != nil {
			return err
		}
	}
	if !o.json {
		table.legend()
		table.kernelLegend()
		_, err = io.WriteString(c.OutOrStdout(), accounts.String())
	}
	return err
}

// askAll asks one test of every file system.
func (o *litmusOptions) askAll(ctx context.Context, p *prog.Program, sites []*site, accounts io.Writer) ([]shotRecord, error) {
	var row []shotRecord
	for _, t := range sites {
		r, err := t.ask(ctx, p, &o.kernelFlags)
		if err != nil {
			return nil, err
		}
		row = append(row, t.record(p, r))
		if o.explain && r.Hit != nil {
			fmt.Fprintf(accounts, "\n%s on %s: %s\n    %s\n", p.Name, t.probe.FSType, r.Text(), strings.Join(r.Hit.Text(p), "\n    "))
		}
	}
	return row, nil
}

// searchAll is one test on the models.
func (o *litmusOptions) searchAll(c *cobra.Command, p *prog.Program, models []*core.Model) ([]cell, error) {
	var row []cell
	for _, m := range models {
		x := cell{test: p, engine: m}
		if x.search(c.Context(), c.ErrOrStderr(), &o.searchFlags, o.workers); x.err != nil {
			return nil, &exitError{statusBroken, x.err, ""}
		}
		if c.Context().Err() != nil {
			return nil, interrupted("in %s on %s", p.Name, m.Name())
		}
		row = append(row, x)
	}
	return row, nil
}
