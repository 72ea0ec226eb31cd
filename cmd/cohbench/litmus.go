package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// searchFlags is how far a search goes.
type searchFlags struct {
	bound   bound
	budget  int64
	workers int
}

func (f *searchFlags) add(c *cobra.Command) {
	f.bound = defaultBound
	c.Flags().Var(&f.bound, "bound", "most preemptions of a schedule, or all")
	c.Flags().Int64Var(&f.budget, "budget", 200_000_000, "steps of one search before it gives up")
	c.Flags().IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "threads that search")
}

func (f *searchFlags) check() error {
	if f.budget <= 0 || f.workers <= 0 {
		return usage(errors.New("--budget and --workers: want numbers above 0"), "")
	}
	return nil
}

type litmusOptions struct {
	searchFlags
	kernelFlags
	engines []string
	json    bool
	list    bool
	color   string
}

func newLitmus() *cobra.Command {
	var o litmusOptions
	c := &cobra.Command{
		Use:   "litmus [TEST...]",
		Short: "Ask small tests of every policy: never, sometimes or always?",
		Long: "litmus plays small tests on the model under every policy, and under all schedules with at\n" +
			"most --bound preemptions. Its table says how often what a test looks for came about.\n" +
			"A TEST is the name of a built-in one, a pattern of names, or a .coh file\n" +
			"('cohbench help coh').\n\n" +
			"With --engine kernel the tests are put to the running kernel, on the file systems of the\n" +
			"directories. A direct write is held where the kernel pins its buffer, by userfaultfd or\n" +
			"FUSE (--stopper), and the other operations are placed around and inside of it in every\n" +
			"order there is; where that shows nothing, or no write can be held, the test is left to\n" +
			"chance. What the kernel does is a result, and no error.",
		Example: "  cohbench litmus\n  cohbench litmus 'lost-*' --engine addlock,double-invalidate\n  cohbench litmus my.coh --bound 3\n" +
			"  cohbench litmus --engine double-invalidate,kernel --dir /mnt/ext4,/mnt/xfs --explain",
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	o.searchFlags.add(c)
	o.kernelFlags.add(c)
	c.Flags().StringSliceVar(&o.engines, "engine", nil, "policies, or patterns of their names (default all), and kernel")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object for each test and engine")
	c.Flags().BoolVar(&o.list, "list", false, "say what the tests are about, and do nothing else")
	c.Flags().StringVar(&o.color, "color", "auto", "auto, always or never")
	return c
}

func (o *litmusOptions) run(c *cobra.Command, args []string) error {
	if err := errors.Join(o.searchFlags.check(), o.kernelFlags.check()); err != nil {
		return err
	}
	tests, err := chooseTests(args)
	if err != nil {
		return err
	}
	if o.list {
		return listTests(c.OutOrStdout(), tests)
	}
	if len(o.from) > 0 {
		return o.printMerged(c, tests)
	}
	names, kernel := withoutKernel(o.engines)
	if kernel && len(names) == 0 {
		return o.runKernel(c, tests, nil)
	}
	engines, err := chooseModels(names)
	if err != nil {
		return err
	}
	if kernel {
		return o.runKernel(c, tests, engines)
	}
	if len(o.dirs) > 0 {
		return usage(errors.New("--dir is for --engine kernel"), "")
	}
	var print func(row []cell) error
	if o.json {
		e := json.NewEncoder(c.OutOrStdout())
		print = func(row []cell) error { return encodeRow(e, row) }
	} else {
		t, err := newLitmusTable(c.OutOrStdout(), tests, modelColumns(engines), o)
		if err != nil {
			return err
		}
		defer t.legend()
		print = t.row
	}
	return o.judge(c.Context(), c.ErrOrStderr(), tests, engines, print)
}

// lockedWriter writes for several goroutines.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// cell is one test on one engine.
type cell struct {
	test    *prog.Program
	engine  *core.Model
	report  *litmus.Report
	seconds float64
	err     error
}

// judge searches, test by test, several at a time, and prints the rows in
// order.
func (o *litmusOptions) judge(ctx context.Context, stderr io.Writer, tests []*prog.Program, engines []*core.Model, print func([]cell) error) error {
	cells := make([]cell, len(tests)*len(engines))
	done := make([]chan struct{}, len(cells))
	jobs := make(chan int)
	var wg sync.WaitGroup
	defer wg.Wait()
	stderr = &lockedWriter{w: stderr}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i := range cells {
		cells[i] = cell{test: tests[i/len(engines)], engine: engines[i%len(engines)]}
		done[i] = make(chan struct{})
	}
	for range min(o.workers, len(cells)) {
		wg.Go(func() {
			for i := range jobs {
				cells[i].search(ctx, stderr, &o.searchFlags, 1)
				close(done[i])
			}
		})
	}
	wg.Go(func() {
		defer close(jobs)
		for i := range cells {
			select {
			case jobs <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	return collectRows(ctx, cells, done, len(engines), print)
}

// collectRows prints each row when it is complete.
func collectRows(ctx context.Context, cells []cell, done []chan struct{}, width int, print func([]cell) error) error {
	unexpected := 0
	for i := range cells {
		select {
		case <-done[i]:
		case <-ctx.Done():
			return interrupted("after %d of %d tests", i/width, len(cells)/width)
		}
		if ctx.Err() != nil { // the search did not come to its end
			return interrupted("after %d of %d tests", i/width, len(cells)/width)
		}
		if err := cells[i].err; err != nil {
			return &exitError{statusBroken, err, ""}
		}
		if !cells[i].report.OK() {
			unexpected++
		}
		if i%width == width-1 {
			if err := print(cells[i-width+1 : i+1]); err != nil {
				return err
			}
		}
	}
	if unexpected > 0 {
		return &exitError{statusBroken, fmt.Errorf("%d of %d verdicts are not the expected ones", unexpected, len(cells)),
			"'cohbench explore TEST --engine ENGINE' shows a schedule"}
	}
	return nil
}

func (x *cell) search(ctx context.Context, stderr io.Writer, f *searchFlags, workers int) {
	start := time.Now()
	cfg := f.config()
	cfg.Workers = workers
	x.report, _, x.err = f.search(ctx, stderr, x.test, x.engine, cfg)
	x.seconds = time.Since(start).Seconds()
}

// record is a cell as --json prints it.
type record struct {
	Test      string  `json:"test"`
	Engine    string  `json:"engine"`
	Verdict   string  `json:"verdict"`
	Expected  string  `json:"expected,omitempty"`
	Found     int64   `json:"found"` // schedules
	Schedules int64   `json:"schedules"`
	Pruned    int64   `json:"pruned"`
	Steps     int64   `json:"steps"`
	Bound     int     `json:"bound"` // -1: none
	Complete  bool    `json:"complete"`
	Seconds   float64 `json:"seconds"`
}

func (x *cell) record() record {
	r := x.report
	d := record{Test: x.test.Name, Engine: x.engine.Name(), Verdict: r.Verdict.String(), Found: r.Found(),
		Schedules: r.Schedules, Pruned: r.Pruned, Steps: r.Steps, Bound: r.Bound, Complete: r.Complete, Seconds: x.seconds}
	if r.Expects {
		d.Expected = r.Expected.String()
	}
	return d
}

func encodeRow(e *json.Encoder, row []cell) error {
	for i := range row {
		if err := e.Encode(row[i].record()); err != nil {
			return err
		}
	}
	return nil
}

// chooseTests returns the tests that the arguments name; the suite if there are
// none.
func chooseTests(args []string) ([]*prog.Program, error) {
	suite, err := litmus.Suite()
	if err != nil || len(args) == 0 {
		return suite, err
	}
	var list []*prog.Program
	for _, arg := range args {
		tests, err := findTests(suite, arg)
		if err != nil {
			return nil, err
		}
		list = append(list, tests...)
	}
	return list, nil
}

// findTests returns the tests that one argument names.
func findTests(suite []*prog.Program, arg string) ([]*prog.Program, error) {
	if strings.HasSuffix(arg, ".coh") {
		p, err := readProgram(arg)
		return []*prog.Program{p}, err
	}
	var list []*prog.Program
	for _, p := range suite {
		if ok, err := path.Match(arg, p.Name); err != nil {
			return nil, usage(fmt.Errorf("test %q: %w", arg, err), "")
		} else if ok {
			list = append(list, p)
		}
	}
	if list == nil {
		return nil, usage(fmt.Errorf("unknown test %q", arg), "'cohbench litmus --list' says which there are; the name of a file ends in .coh")
	}
	return list, nil
}

// listTests prints the tests' names and comments.
func listTests(w io.Writer, tests []*prog.Program) error {
	for _, p := range tests {
		if _, err := fmt.Fprintf(w, "%s\n    %s\n", p.Name, strings.ReplaceAll(p.Doc, "\n", "\n    ")); err != nil {
			return err
		}
	}
	return nil
}

// readProgram reads a .coh file.
func readProgram(name string) (*prog.Program, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, environment(fmt.Errorf("read a test: %w", err), "")
	}
	p, err := litmus.Parse(name, text)
	if err != nil {
		return nil, usage(err, "'cohbench help coh' has the grammar")
	}
	return p, nil
}
