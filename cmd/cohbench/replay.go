package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

type replayOptions struct {
	drawing
	engine string
	times  int
}

func newReplay() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Play the schedule in a test file again, step by step",
		Long: "replay runs the test of a .coh file under the schedule that stands in it, and draws the run:\n" +
			"who did what, which locks that took, and what cache and disk held then. Every run takes the\n" +
			"same steps. If the file has the hash of the steps and they are others now, it says so.\n" +
			"FILE may as well be an input of a fuzzer: what go test -fuzz, go-fuzz or libFuzzer keep.",
		Example: "  cohbench explore lost-update --engine double-invalidate --save x.coh\n  cohbench replay x.coh --times 1000",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.OutOrStdout(), args[0]) },
	}
	o.add(c)
	c.Flags().StringVar(&o.engine, "engine", "", "the policy (default that of the file)")
	c.Flags().IntVar(&o.times, "times", 2, "how often to run it")
	return c
}

func (o *replayOptions) run(w io.Writer, name string) error {
	if o.times < 1 {
		return usage(fmt.Errorf("--times %d: want at least 1", o.times), "")
	}
	p, err := readInput(name)
	if err != nil {
		return err
	}
	if p.Schedule == nil {
		hint := "'cohbench explore' finds one, and --save writes it"
		if !strings.HasSuffix(name, ".coh") {
			hint = fmt.Sprintf("none of the few that were tried fails: 'cohbench fuzz convert %s > x.coh && cohbench explore x.coh --engine %s' looks through all",
				name, p.Engine)
		}
		return usage(fmt.Errorf("replay %s: there is no schedule in it", name), hint)
	}
	model, err := theModel(o.engine, p)
	if err != nil {
		return err
	}
	r := exec.New(model)
	defer r.Close()
	if err := o.draw(w, r.Timeline(p, switchesOf(p))); err != nil {
		return err
	}
	return o.repeat(w, r, p, model)
}

// switchesOf is the picker that follows the schedule of a program.
func switchesOf(p *prog.Program) *sched.Replay {
	x := &sched.Replay{}
	for _, s := range p.Schedule {
		x.Switches = append(x.Switches, sched.Switch{After: s.After, To: s.To})
	}
	return x
}

// repeat runs the program again and again, and compares the steps.
func (o *replayOptions) repeat(w io.Writer, r *exec.Runner, p *prog.Program, model *core.Model) error {
	r.Record = true
	var first, key uint64
	for i := range o.times {
		res := r.Run(p, switchesOf(p))
		if res.Err != nil {
			return &exitError{statusBroken, fmt.Errorf("replay %s on %s: %w", p.Name, model.Name(), res.Err), ""}
		}
		hash := r.TraceHash()
		if i == 0 {
			first, key = hash, res.Key()
		} else if hash != first || res.Key() != key {
			return &exitError{statusBroken, fmt.Errorf("run %d of %s took other steps than the first", i+1, p.Name), ""}
		}
	}
	fmt.Fprintf(w, "\n%d runs, the same %d steps each time: trace %016x\n", o.times, len(r.Trace()), first)
	if p.Trace != 0 && p.Trace != first {
		return &exitError{statusBroken, fmt.Errorf("the file's trace is %016x: the steps are not those that it was saved with", p.Trace),
			"the model has changed since: 'cohbench explore' finds the schedule anew"}
	}
	return broken(p, model, exec.Violations(key))
}

// broken is the error of an engine that did what it claims never to do.
func broken(p *prog.Program, model *core.Model, found prog.Violation) error {
	var bad prog.Violation
	if model.Policy.Claims.Coherent {
		bad |= found & prog.Incoherence
	}
	if model.Policy.Claims.DeadlockFree {
		bad |= found & (prog.Deadlock | prog.Livelock)
	}
	bad |= found & prog.Panic
	if bad == 0 || p.Options.Set != 0 { // a variant of the model is not what makes the claim
		return nil
	}
	return &exitError{statusBroken, errors.New(model.Name() + " claims otherwise: " + bad.String()), ""}
}
