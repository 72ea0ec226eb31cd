package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

type exploreOptions struct {
	searchFlags
	drawing
	engine string
	json   bool
	save   string
}

func newExplore() *cobra.Command {
	var o exploreOptions
	c := &cobra.Command{
		Use:   "explore TEST",
		Short: "Try the schedules of one test on one policy, and show one that does it",
		Long: "explore plays a test under all schedules with at most --bound preemptions, lists what\n" +
			"came out with a count each, and shows the simplest schedule that does what the test looks\n" +
			"for. TEST is a .coh file ('cohbench help coh') or the name of a built-in test.",
		Example: "  cohbench explore lost-update --engine double-invalidate\n  cohbench explore my.coh --engine addlock --bound all",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c, args[0]) },
	}
	o.searchFlags.add(c)
	o.drawing.add(c)
	c.Flags().StringVar(&o.engine, "engine", "", "the policy (default that of the file)")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	c.Flags().StringVar(&o.save, "save", "", "write the test with the schedule to this .coh file, for replay")
	return c
}

func (o *exploreOptions) run(c *cobra.Command, name string) error {
	p, model, err := o.prepare(name)
	if err != nil {
		return err
	}
	report, err := litmus.Search(p, model, litmus.Config{Bound: int(o.bound), Budget: o.budget, Workers: o.workers})
	if err != nil {
		return &exitError{statusBroken, err, ""}
	}
	if err := o.print(c.OutOrStdout(), p, model, report); err != nil {
		return err
	}
	if !report.Complete {
		warn(c, "%s", o.tooLarge(p, model, report))
	}
	if !report.OK() {
		return &exitError{statusBroken, fmt.Errorf("%s on %s: %s, expected %s", p.Name, model.Name(), report.Verdict, report.Expected), ""}
	}
	return nil
}

// prepare reads the test and finds the engine.
func (o *exploreOptions) prepare(name string) (*prog.Program, *core.Model, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	tests, err := chooseTests([]string{name})
	if err != nil {
		return nil, nil, err
	}
	if len(tests) != 1 {
		return nil, nil, usage(fmt.Errorf("test %q stands for %d tests: explore takes one", name, len(tests)), "")
	}
	model, err := theModel(o.engine, tests[0])
	return tests[0], model, err
}

// theModel is the one engine that is named on the command line, or else in the
// test.
func theModel(name string, p *prog.Program) (*core.Model, error) {
	if name == "" {
		name = p.Engine
	}
	if name == "" {
		return nil, usage(fmt.Errorf("no engine for %s", p.Name), "--engine NAME; 'cohbench list' says which there are")
	}
	list, err := chooseModels([]string{name})
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, usage(fmt.Errorf("engine %q stands for %d engines: want one", name, len(list)), "")
	}
	return list[0], nil
}

// tooLarge says how far an incomplete search came, and what there is to do.
func (o *exploreOptions) tooLarge(p *prog.Program, model *core.Model, report *litmus.Report) string {
	estimate, _ := litmus.Estimate(p, model, int(o.bound))
	return fmt.Sprintf("the search was given up after %d schedules, of at most about %.2g: --bound %d, a larger --budget, or fewer operations",
		report.Schedules, estimate, max(0, int(o.bound)-1))
}

// print prints what came out, and the simplest schedule that does it.
func (o *exploreOptions) print(w io.Writer, p *prog.Program, model *core.Model, report *litmus.Report) error {
	r := exec.New(model)
	defer r.Close()
	x := newExploration(p, model, report, r)
	if x.witness != nil {
		if err := o.keep(p, r, x.witness); err != nil {
			return err
		}
	}
	if o.json {
		return printJSON(w, x)
	}
	x.print(w)
	if x.witness == nil {
		return nil
	}
	fmt.Fprintf(w, "\nthe simplest schedule that does it: %s\n\n", x.Schedule)
	return o.draw(w, r.Timeline(p, &sched.Replay{Switches: x.witness.Switches}))
}

// keep writes the test with the witness and its trace, as replay wants it.
func (o *exploreOptions) keep(p *prog.Program, r *exec.Runner, w *explore.Witness) error {
	if o.save == "" {
		return nil
	}
	r.Record = true
	r.Run(p, &sched.Replay{Switches: w.Switches})
	q := withSchedule(p, w.Switches)
	q.Engine, q.Trace = r.Engine(), r.TraceHash()
	if err := os.WriteFile(o.save, q.Append(nil), 0o666); err != nil {
		return environment(fmt.Errorf("save the test with its schedule: %w", err), "")
	}
	return nil
}

// exploration is what explore found, as --json prints it.
type exploration struct {
	Test      string            `json:"test"`
	Engine    string            `json:"engine"`
	Verdict   string            `json:"verdict"`
	Extent    string            `json:"extent"`
	Expected  string            `json:"expected,omitempty"`
	Schedules int64             `json:"schedules"`
	Pruned    int64             `json:"pruned"`
	Complete  bool              `json:"complete"`
	Schedule  string            `json:"schedule,omitempty"` // the simplest that does it
	Outcomes  []exploredOutcome `json:"outcomes"`

	witness *explore.Witness
}

type exploredOutcome struct {
	Count       int64  `json:"count"`
	Found       bool   `json:"found"`
	Preemptions int    `json:"preemptions"` // of the simplest schedule
	Text        string `json:"text"`
}

// newExploration plays each outcome's simplest schedule again to describe it.
func newExploration(p *prog.Program, model *core.Model, report *litmus.Report, r *exec.Runner) *exploration {
	x := &exploration{Test: p.Name, Engine: model.Name(), Verdict: report.Verdict.String(), Extent: report.Extent(),
		Schedules: report.Schedules, Pruned: report.Pruned, Complete: report.Complete}
	if report.Expects {
		x.Expected = report.Expected.String()
	}
	for i := range report.Outcomes {
		o := &report.Outcomes[i]
		res := r.Run(p, &sched.Replay{Switches: o.Witness.Switches})
		shows := report.Shows(o)
		x.Outcomes = append(x.Outcomes, exploredOutcome{o.Count, shows, o.Witness.Preemptions, res.Describe()})
		if shows && x.witness == nil {
			x.witness = &o.Witness
			x.Schedule = scheduleText(p, o.Witness.Switches)
		}
	}
	return x
}

// scheduleText is a schedule in the language of tests.
func scheduleText(p *prog.Program, list []sched.Switch) string {
	if text := withSchedule(p, list).ScheduleString(); text != "" {
		return text
	}
	return "no switches"
}

// withSchedule is the program with another schedule.
func withSchedule(p *prog.Program, list []sched.Switch) *prog.Program {
	q := *p
	q.Schedule = []prog.Switch{}
	for _, s := range list {
		q.Schedule = append(q.Schedule, prog.Switch{After: s.After, To: s.To})
	}
	return &q
}

func (x *exploration) print(w io.Writer) {
	fmt.Fprintf(w, "%s on %s: %s (%s)", x.Test, x.Engine, strings.ToUpper(x.Verdict[:1])+x.Verdict[1:], x.Extent)
	if x.Expected != "" {
		fmt.Fprintf(w, ", expected %s", x.Expected)
	}
	fmt.Fprintf(w, "\n%d schedules, %d given up as equal to others\n\n", x.Schedules, x.Pruned)
	fmt.Fprintf(w, "%10s  %5s  outcome\n", "schedules", "found")
	for _, o := range x.Outcomes {
		found := ""
		if o.Found {
			found = "yes"
		}
		fmt.Fprintf(w, "%10d  %5s  %s\n", o.Count, found, o.Text)
	}
}
