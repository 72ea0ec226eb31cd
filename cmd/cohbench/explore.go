package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

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
	begun := time.Now()
	report, forecast, err := o.search(c.Context(), c.ErrOrStderr(), p, model, o.config())
	if err != nil {
		return &exitError{statusBroken, err, ""}
	}
	if err := o.print(c.OutOrStdout(), p, model, report, time.Since(begun)); err != nil {
		return err
	}
	if c.Context().Err() != nil {
		return interrupted("after %d schedules", report.Schedules)
	}
	if !report.Complete {
		o.incomplete(c, report, forecast)
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

// incomplete says how far a search came, and what there is to do.
func (o *exploreOptions) incomplete(c *cobra.Command, report *litmus.Report, f *litmus.Forecast) {
	of := ""
	switch {
	case o.bound == explore.Unbounded && report.Part > 0:
		of = ", of at least about " + large(math.Log10(float64(report.Schedules+report.Pruned)/report.Part))
	case f != nil:
		of = ", of about " + large(f.AtMost)
	}
	warn(c, "the search was given up after %d schedules%s", report.Schedules, of)
	hint := "a smaller --bound, a larger --budget, or fewer operations"
	if f != nil {
		hint = smaller(f, int(o.bound))
	}
	fmt.Fprintf(c.ErrOrStderr(), "hint: %s\n", hint)
}

// print prints what came out, and the simplest schedule that does it.
func (o *exploreOptions) print(w io.Writer, p *prog.Program, model *core.Model, report *litmus.Report, took time.Duration) error {
	r := exec.New(model)
	defer r.Close()
	x := newExploration(p, model, report, r)
	x.Seconds = took.Seconds()
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
	Bound     int               `json:"bound"` // -1: none
	Complete  bool              `json:"complete"`
	Seconds   float64           `json:"seconds"`
	Schedule  string            `json:"schedule,omitempty"` // the simplest that does it
	Outcomes  []exploredOutcome `json:"outcomes"`

	witness *explore.Witness
}

type exploredOutcome struct {
	Count       int64  `json:"count"`
	Found       bool   `json:"found"`
	Preemptions int    `json:"preemptions"` // of the simplest schedule
	Text        string `json:"text"`
	Kinds       int    `json:"kinds"` // outcomes that differ in nothing that the text says
}

// newExploration plays each outcome's simplest schedule again to describe it.
func newExploration(p *prog.Program, model *core.Model, report *litmus.Report, r *exec.Runner) *exploration {
	x := &exploration{Test: p.Name, Engine: model.Name(), Verdict: report.Verdict.String(), Extent: report.Extent(),
		Schedules: report.Schedules, Pruned: report.Pruned, Bound: report.Bound, Complete: report.Complete}
	if report.Expects {
		x.Expected = report.Expected.String()
	}
	for i := range report.Outcomes {
		o := &report.Outcomes[i]
		res := r.Run(p, &sched.Replay{Switches: o.Witness.Switches})
		shows := report.Shows(o)
		x.add(exploredOutcome{o.Count, shows, o.Witness.Preemptions, res.Describe(), 1})
		if shows && x.witness == nil {
			x.witness = &o.Witness
			x.Schedule = scheduleText(p, o.Witness.Switches)
		}
	}
	return x
}

// add adds an outcome, or its count to one that reads the same.
func (x *exploration) add(o exploredOutcome) {
	for i := range x.Outcomes {
		if p := &x.Outcomes[i]; p.Text == o.Text && p.Found == o.Found {
			p.Count += o.Count
			p.Preemptions = min(p.Preemptions, o.Preemptions)
			p.Kinds++
			return
		}
	}
	x.Outcomes = append(x.Outcomes, o)
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
		text := o.Text
		if o.Kinds > 1 {
			text += fmt.Sprintf(" (%d outcomes, which differ in what is not shown)", o.Kinds)
		}
		fmt.Fprintf(w, "%10d  %5s  %s\n", o.Count, found, text)
	}
}
