package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
	"cohbench/fuzz"
	"cohbench/fuzz/live"
	"cohbench/fuzz/prog"
)

// liveFlags is how programs run on real threads.
type liveFlags struct {
	live    bool
	dir     string
	mmus    []string
	stopper stopperChoice
}

func (f *liveFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.live, "live", false, "on real threads and real files; an engine of the kernel is always")
	c.Flags().StringVar(&f.dir, "dir", "", "with --live or an engine of the kernel: directory for the data files, which are removed again")
	f.stopper = autoStopper
	c.Flags().Var(&f.stopper, "stopper", stopperUsage)
	c.Flags().StringSliceVar(&f.mmus, "mmu", []string{"auto"}, "with --live: page tables behind mappings: userfaultfd, soft, or auto: the first that there is")
}

// ground is an engine on which programs run live, and the model that is asked
// what it thinks of what they show.
type ground struct {
	engine core.Engine
	model  *core.Model
	seeks  prog.Violation
}

// name is the engine with its page tables.
func (g *ground) name() string {
	if isKernel(g.engine) {
		return g.engine.Name()
	}
	return g.engine.Name() + " on " + g.engine.MMU()
}

func isKernel(e core.Engine) bool {
	_, ok := e.(kernelfs.Engine)
	return ok
}

// asksKernel reports whether one of these engines is the kernel's.
func asksKernel(names []string) bool {
	for _, e := range kernelfs.Engines() {
		for _, name := range names {
			if name == e.Name() {
				return true
			}
		}
	}
	return false
}

// grounds is the engines that the flags name.
func (o *fuzzOptions) grounds(c *cobra.Command) (list []ground, err error) {
	run := runOptions{mmus: o.mmus, engines: o.engines}
	if o.engines == nil {
		for _, m := range fuzz.Claimants() {
			run.engines = append(run.engines, m.Name())
		}
	}
	kinds := []mmu.Kind{mmu.KindSoft}
	if !asksKernel(o.engines) || len(o.engines) > 1 {
		if kinds, err = run.chooseMMUs(c); err != nil {
			return nil, err
		}
	}
	engines, err := run.chooseEngines(kinds)
	if err != nil {
		return nil, usage(err, "")
	}
	if err := probeEngines(engines); err != nil {
		return nil, err
	}
	for _, e := range engines {
		g := ground{engine: e, model: &core.Model{Policy: coherence.DoubleInvalidate}, seeks: live.Kernel}
		if !isKernel(e) {
			m, ok := e.(*core.Model)
			if !ok {
				return nil, usage(fmt.Errorf("engine %s has no cache: there is nothing to keep coherent", e.Name()), "")
			}
			g.model, g.seeks = &core.Model{Policy: m.Policy}, fuzz.Wanted
		}
		if seeks, err := parseViolations(o.find); err != nil {
			return nil, usage(err, "'cohbench help coh' lists them")
		} else if seeks != 0 {
			g.seeks = seeks
		}
		list = append(list, g)
	}
	return list, nil
}

// runLive gives each engine an equal share of the time.
func (o *fuzzOptions) runLive(c *cobra.Command) error {
	switch {
	case o.dir == "" && asksKernel(o.engines):
		return usage(errors.New("--engine kernel: on which file system?"), "--dir DIR")
	case o.wild:
		return usage(errors.New("--wild is for the deterministic models"), "")
	case o.dir == "":
		o.dir = "."
	}
	cfg, err := o.common(c)
	if err != nil {
		return err
	}
	list, err := o.grounds(c)
	if err != nil {
		return err
	}
	k := keeper{dir: filepath.Join(o.out, "failures"), w: c.OutOrStdout(), first: o.first, next: map[string]int{}}
	var corpus []*prog.Program
	for i := range list {
		x, err := o.campaign(c, &list[i], cfg, &k, o.time/time.Duration(len(list)))
		if x != nil {
			corpus = append(corpus, x.Corpus()...)
		}
		if err = errors.Join(err, k.err); err != nil {
			return err
		}
		if c.Context().Err() != nil || k.first && k.findings > 0 {
			break
		}
	}
	if err := writeCorpus(filepath.Join(o.out, "corpus"), corpus); err != nil {
		return environment(err, "")
	}
	return o.verdict(c, k.findings, k.dir)
}

// campaign fuzzes one engine for a while.
func (o *fuzzOptions) campaign(c *cobra.Command, g *ground, cfg fuzz.Config, k *keeper, d time.Duration) (x *live.Campaign, err error) {
	sites, err := o.openGround(c, g)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, t := range sites {
			t.busy = errors.Is(err, live.ErrStuck)
		}
		err = errors.Join(err, closeSites(sites))
	}()
	where := fmt.Sprintf("%s in %s (%s)", g.name(), o.dir, sites[0].probe.FSType)
	lc := live.Config{Held: true, Seed: cfg.Seed, Limits: cfg.Limits, Seeks: g.seeks, Programs: cfg.Programs, Start: cfg.Start, Model: g.model,
		After: time.After, Found: func(f *live.Finding) bool { return k.keepLive(g, where, o.dir, f) }}
	for _, t := range sites {
		lc.Shooters, lc.Held = append(lc.Shooters, t.shooter), lc.Held && t.windows.Held
	}
	x = live.New(lc)
	ctx, cancel := context.WithTimeout(c.Context(), d)
	defer cancel()
	start := time.Now()
	fmt.Fprintf(c.ErrOrStderr(), "fuzz: %s, seed %d, %d workers, %d programs to begin with; %s\n", where, o.seed, len(sites), len(cfg.Start), windowsText(g, sites[0]))
	line := func() string { return liveLine(x.Stats(), time.Since(start)) }
	stop := watchLines(c.ErrOrStderr(), func() string { return "fuzz: " + line() })
	err = x.Run(ctx)
	stop()
	switch {
	case errors.Is(err, live.ErrStuck):
		return x, &exitError{statusBroken, fmt.Errorf("%s: %w", where, err), ""}
	case err != nil:
		return x, environment(fmt.Errorf("%s: %w", where, err), "'cohbench doctor' says what this machine offers")
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", where, line())
	return x, err
}

// openGround makes data files for each worker.
func (o *fuzzOptions) openGround(c *cobra.Command, g *ground) (sites []*site, err error) {
	for i := range o.workers {
		t := &site{dir: o.dir, engine: g.engine, patience: fuzzPatience}
		if err := t.open(o.seed+uint64(i), o.stopper); err != nil {
			return nil, errors.Join(err, t.close(), closeSites(sites))
		}
		sites = append(sites, t)
	}
	if p := sites[0].probe; p.Direct != disk.Direct {
		warn(c, "direct IO in %s is %s (%s): what is not found there says nothing about direct IO", o.dir, p.Direct, p.Why)
	}
	return sites, nil
}

// fuzzPatience is how long an operation may take before it counts as waiting
// for the write that is held: there are other orders to try.
const fuzzPatience = 20 * time.Millisecond

// windowsText says what holding direct writes is worth.
func windowsText(g *ground, t *site) string {
	switch {
	case !isKernel(g.engine):
		return "direct writes are not held"
	case t.windows.Held:
		return "direct writes can be held by " + t.stopper.name + ": " + t.windows.Why
	}
	return "direct writes cannot be held: " + t.windows.Why
}

// liveLine is how far a campaign has come.
func liveLine(s live.Stats, d time.Duration) string {
	text := fmt.Sprintf("%v: %d programs, %d runs, %.0f runs/s, %d with a write held, %d meetings, corpus %d, bad runs %d, findings %d",
		d.Round(100*time.Millisecond), s.Programs, s.Runs, float64(s.Runs)/d.Seconds(), s.Held, s.Met, s.Corpus, s.Bad, s.Findings)
	if s.Refused > 0 {
		text += fmt.Sprintf(", %d programs that cannot be run here", s.Refused)
	}
	return text
}

// keepLive writes a finding down, and returns whether there are to be more.
func (k *keeper) keepLive(g *ground, where, dir string, f *live.Finding) bool {
	p := f.Program
	p.Doc, p.Engine = "", ""
	text := strings.TrimSpace(string(p.Append(nil)))
	stem := k.stem(g.engine.Name(), f.Class)
	name := stem + ".coh"
	p.Doc = strings.Join(liveAccount(where, g, f), "\n")
	if !k.write(name, p) {
		return false
	}
	fmt.Fprintf(k.w, "%s: %s with %d tasks and %d operations, after %d runs. %s\n", where, className(f.Class), len(p.Tasks), p.Size(), f.Runs, f.Report.Text())
	fmt.Fprintf(k.w, "    %s\n    %s\n", strings.ReplaceAll(text, "\n", "\n    "), strings.Join(account(f), "\n    "))
	if isKernel(g.engine) {
		fmt.Fprintf(k.w, "    cohbench litmus %s --engine kernel --dir %s; cohbench repro %s\n", name, dir, name)
	}
	if !f.Asked {
		return !k.first
	}
	if f.Model == nil {
		fmt.Fprintf(k.w, "    no schedule of the model %s that was tried does it\n", g.model.Name())
		return !k.first
	}
	model := stem + "-model.coh"
	f.Model.Doc = "The same on the deterministic model " + g.model.Name() + "."
	if !k.write(model, f.Model) {
		return false
	}
	fmt.Fprintf(k.w, "    the model %s does it, too: cohbench replay %s\n", g.model.Name(), model)
	return !k.first
}

// className is the class in words.
func className(v prog.Violation) string {
	if v == prog.EIO {
		return "EIO only"
	}
	return v.String()
}

// account is how it came about.
func account(f *live.Finding) []string {
	if f.Report.Hit == nil {
		return append([]string{"it did not come about again; the first time:"}, f.Lines...)
	}
	return f.Report.Hit.Text(f.Program)
}

// liveAccount is what the file of a finding says of it.
func liveAccount(where string, g *ground, f *live.Finding) []string {
	lines := []string{"Found on " + where + ". " + f.Report.Text()}
	lines = append(lines, account(f)...)
	switch {
	case f.Asked && f.Model == nil:
		lines = append(lines, "No schedule of the model "+g.model.Name()+" that was tried does it.")
	case f.Asked:
		lines = append(lines, "The model "+g.model.Name()+" does it, too.")
	}
	return lines
}

// stem is the name of the next finding of a kind, without its ending.
func (k *keeper) stem(engine string, v prog.Violation) string {
	stem := fmt.Sprintf("%s-%s", engine, v)
	k.next[stem]++
	k.findings++
	return filepath.Join(k.dir, fmt.Sprintf("%s-%d", stem, k.next[stem]))
}

// write writes a program; false: it could not.
func (k *keeper) write(name string, p *prog.Program) bool {
	err := os.MkdirAll(k.dir, 0o777)
	if err == nil {
		err = os.WriteFile(name, p.Append(nil), 0o666)
	}
	if err != nil {
		k.err = environment(fmt.Errorf("keep a finding: %w", err), "")
		return false
	}
	return true
}
