package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/fuzz"
	"cohbench/fuzz/prog"
)

type fuzzOptions struct {
	liveFlags
	engines []string
	time    time.Duration
	seed    uint64
	workers int
	count   int64
	out     string
	find    []string
	first   bool
	wild    bool
	limits  prog.Limits
}

func newFuzz() *cobra.Command {
	var o fuzzOptions
	c := &cobra.Command{
		Use:   "fuzz",
		Short: "Look for programs and schedules that break a policy",
		Long: "fuzz makes random programs of direct, buffered and mapped operations, runs each on every engine\n" +
			"under random schedules, and goes on from those that showed something new. Each run is judged\n" +
			"exactly. What it finds it makes small, and writes to DIR/failures as a .coh file for replay; what\n" +
			"showed something new is kept in DIR/corpus, from where the next one with this DIR begins.\n\n" +
			"The default engines are those that claim to be coherent. The exit status is 1 if anything was\n" +
			"found, whatever the engine claims. With one worker and --programs the seed decides everything.\n\n" +
			"With --live, and with an engine of the kernel, the programs run on real threads and on files in\n" +
			"--dir, where no schedule can be chosen: many short runs, all tasks at once with random delays and,\n" +
			"on the kernel, in random orders around a direct write that is held where it pins its buffer\n" +
			"(--stopper). What is found is run again for its rate, made small, and put to a deterministic model.",
		Example: "  cohbench fuzz --time 10m\n  cohbench fuzz --engine double-invalidate --time 20s --find lost,silent-lost\n" +
			"  cohbench fuzz --engine kernel --dir /mnt --time 1m\n  cohbench fuzz --live --mmu soft,userfaultfd --dir /mnt\n" +
			"  cohbench fuzz convert crashers/da39a3ee > x.coh",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.engines, "engine", nil, "policies, or patterns of their names (default those that claim to be coherent)")
	f.DurationVar(&o.time, "time", time.Minute, "how long")
	f.Uint64Var(&o.seed, "seed", 0, "of the random choices (default drawn, and printed)")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "goroutines")
	f.Int64Var(&o.count, "programs", 0, "end after so many programs of each worker (default no limit)")
	f.StringVar(&o.out, "out", "cohbench-fuzz", "folder for what is found, and for the corpus")
	f.StringSliceVar(&o.find, "find", nil, "the violations that count (default all): see 'cohbench help coh'")
	f.BoolVar(&o.first, "first", false, "end with the first finding")
	f.BoolVar(&o.wild, "wild", false, "also what nobody claims anything for: splice, reflink, sub-page direct IO, variants of the model")
	f.IntVar(&o.limits.Tasks, "tasks", 3, "tasks of a program, at most")
	f.IntVar(&o.limits.Ops, "ops", 12, "operations of a program, at most")
	f.IntVar(&o.limits.Pages, "pages", 3, "pages of a file, at most")
	o.liveFlags.add(c)
	c.AddCommand(newFuzzConvert())
	return c
}

// config is the campaign that the flags ask for, on the deterministic models.
func (o *fuzzOptions) config(c *cobra.Command) (cfg fuzz.Config, err error) {
	if o.dir != "" || c.Flags().Changed("mmu") || c.Flags().Changed("stopper") {
		return cfg, usage(errors.New("--dir, --mmu and --stopper are for --live, or an engine of the kernel"), "")
	}
	if cfg, err = o.common(c); err != nil {
		return cfg, err
	}
	cfg.Models = fuzz.Claimants()
	if len(o.engines) > 0 {
		if cfg.Models, err = chooseModels(o.engines); err != nil {
			return cfg, err
		}
	}
	if cfg.Seeks, err = parseViolations(o.find); err != nil {
		return cfg, usage(err, "'cohbench help coh' lists them")
	}
	return cfg, nil
}

// common is what all campaigns have.
func (o *fuzzOptions) common(c *cobra.Command) (fuzz.Config, error) {
	cfg := fuzz.Config{Workers: o.workers, Limits: o.limits, Wild: o.wild, Programs: o.count}
	if o.time <= 0 || o.workers < 1 || o.count < 0 {
		return cfg, usage(errors.New("--time, --workers and --programs want positive numbers"), "")
	}
	if !c.Flags().Changed("seed") {
		o.seed = uint64(time.Now().UnixNano())
	}
	cfg.Seed = o.seed
	var err error
	cfg.Start, err = readCorpus(filepath.Join(o.out, "corpus"))
	return cfg, err
}

// parseViolations is the set of these names.
func parseViolations(names []string) (all prog.Violation, err error) {
	for _, name := range names {
		v, ok := prog.ParseViolation(name)
		if !ok {
			return 0, fmt.Errorf("--find: unknown violation %q", name)
		}
		all |= v
	}
	if v := all & prog.Contention; v != 0 {
		return 0, fmt.Errorf("--find %v: that is noticed in tests which look for it, and breaks no claim", v)
	}
	return all, nil
}

func (o *fuzzOptions) run(c *cobra.Command) error {
	if o.live || asksKernel(o.engines) {
		return o.runLive(c)
	}
	cfg, err := o.config(c)
	if err != nil {
		return err
	}
	k := keeper{dir: filepath.Join(o.out, "failures"), w: c.OutOrStdout(), first: o.first, next: map[string]int{}}
	cfg.Found = k.keep
	ctx, cancel := context.WithTimeout(c.Context(), o.time)
	defer cancel()
	x := fuzz.New(cfg)
	start := time.Now()
	fmt.Fprintf(c.ErrOrStderr(), "fuzz: %s, seed %d, %d workers, %d programs to begin with\n", modelNames(cfg.Models), o.seed, o.workers, len(cfg.Start))
	stop := watchLines(c.ErrOrStderr(), func() string { return "fuzz: " + fuzzLine(x.Stats(), time.Since(start)) })
	err = x.Run(ctx)
	stop()
	if err = errors.Join(err, k.err, writeCorpus(filepath.Join(o.out, "corpus"), x.Corpus())); err != nil {
		return &exitError{statusEnvironment, err, ""}
	}
	s := x.Stats()
	fmt.Fprintf(c.OutOrStdout(), "%s\n", fuzzLine(s, time.Since(start)))
	return o.verdict(c, s.Findings, k.dir)
}

// verdict is the exit status.
func (o *fuzzOptions) verdict(c *cobra.Command, findings int64, dir string) error {
	switch {
	case findings > 0:
		return &exitError{statusBroken, fmt.Errorf("%d findings in %s", findings, dir), ""}
	case c.Context().Err() != nil:
		return &exitError{statusInterrupted, nil, ""}
	}
	return nil
}

// fuzzLine is how far a campaign has come.
func fuzzLine(s fuzz.Stats, d time.Duration) string {
	text := fmt.Sprintf("%v: %d programs, %d runs of %.0f steps, %.0f runs/s, %d pairs covered, corpus %d, findings %d",
		d.Round(100*time.Millisecond), s.Programs, s.Runs, float64(s.Steps)/float64(max(1, s.Runs)), float64(s.Runs)/d.Seconds(),
		s.Covered, s.Corpus, s.Findings)
	if s.GivenUp > 0 {
		text += fmt.Sprintf(", %d runs without an end", s.GivenUp)
	}
	return text
}

func modelNames(list []*core.Model) string {
	var names []string
	for _, m := range list {
		names = append(names, m.Name())
	}
	return strings.Join(names, ", ")
}

// keeper writes findings down.
type keeper struct {
	dir   string
	w     io.Writer
	first bool
	next  map[string]int
	err   error

	findings int64
}

// keep writes one, and returns whether there are to be more.
func (k *keeper) keep(f *fuzz.Finding) bool {
	p := f.Program
	name := k.stem(p.Engine, f.Kind) + ".coh"
	p.Doc = fmt.Sprintf("%s\nThe yield points that collide: %s.", strings.Join(f.Report, "\n"), f.Collision)
	if !k.write(name, p) {
		return false
	}
	fmt.Fprintf(k.w, "%s: %s with %d tasks and %d operations, after %d runs: cohbench replay %s\n",
		p.Engine, f.Kind, len(p.Tasks), p.Size(), f.Runs, name)
	return !k.first
}

// readCorpus is the programs in a folder; none if there is no folder.
func readCorpus(dir string) (list []*prog.Program, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.coh"))
	if err != nil {
		return nil, usage(err, "")
	}
	for _, name := range names {
		p, err := readProgram(name)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// writeCorpus writes programs under names that say how they came.
func writeCorpus(dir string, list []*prog.Program) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("keep the corpus: %w", err)
	}
	for i, p := range list {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.coh", i)), p.Append(nil), 0o666); err != nil {
			return fmt.Errorf("keep the corpus: %w", err)
		}
	}
	return nil
}

func newFuzzConvert() *cobra.Command {
	var raw string
	c := &cobra.Command{
		Use:   "convert FILE",
		Short: "Print an input of a fuzzer as a .coh file",
		Long: "convert reads an input of the target for policies, as go test -fuzz, go-fuzz or libFuzzer keep it, or\n" +
			"a .coh file, and prints the .coh file. If the input fails, its schedule is the one in which it does.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := readInput(args[0])
			if err != nil {
				return err
			}
			if raw != "" {
				return writeRaw(raw, p)
			}
			_, err = c.OutOrStdout().Write(p.Append(nil))
			return err
		},
	}
	c.Flags().StringVar(&raw, "raw", "", "write the raw input to this file instead, for the corpus of a fuzzer")
	return c
}

func writeRaw(name string, p *prog.Program) error {
	data, err := fuzz.Encode(p)
	if err != nil {
		return usage(err, "")
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		return environment(fmt.Errorf("write an input: %w", err), "")
	}
	return nil
}
