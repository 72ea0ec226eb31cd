package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/bench/compare"
	"cohbench/bench/report"
	"cohbench/bench/result"
)

// compareOptions is the command line of compare.
type compareOptions struct {
	engines, workloads, metrics []string
	failIf                      []string
	json                        bool

	rules []compare.Rule
	runs  map[string]*result.Run // by directory
}

func newCompare() *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:   "compare DIR[:ENGINE]...",
		Short: "Compare engines of a run, or runs with each other; fail on what got worse",
		Long: "compare holds every engine or run that is named against the first, the base, on every\n" +
			"case that both have: medians, the ratio with its interval, and what two identical\n" +
			"engines differ by (A/A), beyond which alone a ratio is called a difference.\n\n" +
			"  compare DIR --engine a,b   engine b with a in one run, paired by repetition\n" +
			"  compare A B                each engine of run B with the same in run A\n" +
			"  compare A:x B:y            engine y of B with x of A\n\n" +
			"Runs which differ in kernel, file system, device, CPU or IO, and cases which differ in\n" +
			"MMU, sizes or settings, are not compared.\n\n" +
			"--fail-if RULE makes the exit status 1 if a change is too much, for sure: the whole\n" +
			"interval must lie beyond the threshold, and by more than the A/A noise; where part of it\n" +
			"does, that is 'not shown', and no failure. A rule is\n\n" +
			"  [WORKLOAD/][CLASS:]METRIC(<|>)THRESHOLD\n\n" +
			"METRIC is one of\n\n  " + strings.Join(compare.MetricNames(), ", ") + "\n\n" +
			"A threshold in per cent is a change from base to new; any other is a value of new, stale\n" +
			"and lost per exposure.\n" +
			"A rule that finds nothing to speak of, or figures too few to tell, is an error, too.",
		Example: "  cohbench compare results --engine raw,addlock,invalidate-lock\n" +
			"  cohbench compare before after --fail-if 'direct-write:rate<-5%' --fail-if 'lost>0'\n" +
			"  cohbench compare results --engine raw,addlock --metric rate,p99 --json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.engines, "engine", nil, "of one run, the engines to compare, the base first; of several, the engines to look at")
	f.StringSliceVar(&o.workloads, "workload", nil, "workloads to look at (default all)")
	f.StringSliceVar(&o.metrics, "metric", nil, "metrics to print (default all)")
	f.StringArrayVar(&o.failIf, "fail-if", nil, "a rule, such as 'direct-write:rate<-5%'; may be given several times")
	f.BoolVar(&o.json, "json", false, "print one JSON object and no table")
	return c
}

func (o *compareOptions) run(c *cobra.Command, args []string) error {
	if err := o.parseRules(); err != nil {
		return err
	}
	o.runs = map[string]*result.Run{}
	pairs, err := o.pairs(c, args)
	if err != nil {
		return err
	}
	var matches []compare.Match
	for _, p := range pairs {
		list, err := compare.Matches(p[0], p[1])
		switch {
		case errors.Is(err, compare.ErrNoEngine):
			return usage(err, "")
		case err != nil:
			return environment(err, "compare what was measured alike")
		}
		matches = append(matches, list...)
	}
	if matches, err = o.chooseWorkloads(matches); err != nil {
		return err
	}
	return o.conclude(c, matches)
}

func (o *compareOptions) parseRules() error {
	for _, text := range o.failIf {
		r, err := compare.ParseRule(text)
		if err != nil {
			return usage(fmt.Errorf("--fail-if: %w", err), "see 'cohbench compare --help'")
		}
		o.rules = append(o.rules, r)
	}
	return nil
}

// pairs is what is compared with what: the base first.
func (o *compareOptions) pairs(c *cobra.Command, args []string) ([][2]compare.Side, error) {
	var sides []compare.Side
	for _, arg := range args {
		s, err := o.side(c, arg)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	base, others := sides[0], sides[1:]
	switch {
	case len(sides) == 1:
		return o.withinRun(base)
	case base.Engine == "":
		return o.betweenRuns(base.Run, others)
	}
	if o.engines != nil {
		return nil, usage(errors.New("--engine and DIR:ENGINE exclude each other"), "")
	}
	var pairs [][2]compare.Side
	for _, s := range others {
		if s.Engine == "" {
			s.Engine = base.Engine
		}
		if s == base {
			return nil, usage(fmt.Errorf("%s is compared with itself", s), "the A/A column has what two identical engines differ by")
		}
		pairs = append(pairs, [2]compare.Side{base, s})
	}
	return pairs, nil
}

// side reads DIR or DIR:ENGINE. A directory with such a name goes before an
// engine.
func (o *compareOptions) side(c *cobra.Command, arg string) (compare.Side, error) {
	dir, engine := arg, ""
	if i := strings.LastIndexByte(arg, ':'); i > 0 {
		if _, err := os.Stat(arg); err != nil {
			dir, engine = arg[:i], arg[i+1:]
		}
	}
	if run := o.runs[dir]; run != nil {
		return compare.Side{Run: run, Engine: engine}, nil
	}
	run, err := openRun(c, dir)
	if err != nil {
		return compare.Side{}, err
	}
	o.runs[dir] = run
	return compare.Side{Run: run, Engine: engine}, nil
}

// withinRun compares engines of one run with the first of them.
func (o *compareOptions) withinRun(s compare.Side) ([][2]compare.Side, error) {
	engines := o.engines
	if s.Engine != "" {
		return nil, usage(fmt.Errorf("nothing to compare %s with", s), "name another DIR:ENGINE")
	}
	if engines == nil {
		engines = compare.EnginesOf(s.Run)
	}
	if len(engines) < 2 {
		return nil, usage(fmt.Errorf("nothing to compare %s with: one engine", engines[0]), "name another with --engine, or another run")
	}
	var pairs [][2]compare.Side
	for i, e := range engines[1:] {
		if slices.Contains(engines[:i+1], e) {
			return nil, usage(fmt.Errorf("engine %q is named twice", e), "the A/A column has what two identical engines differ by")
		}
		pairs = append(pairs, [2]compare.Side{{Run: s.Run, Engine: engines[0]}, {Run: s.Run, Engine: e}})
	}
	return pairs, nil
}

// betweenRuns compares the engines of other runs with those of base.
func (o *compareOptions) betweenRuns(base *result.Run, others []compare.Side) ([][2]compare.Side, error) {
	var pairs [][2]compare.Side
	for _, s := range others {
		if s.Engine != "" {
			return nil, usage(fmt.Errorf("%s: the base names no engine", s), "name one there, too")
		}
		if s.Run == base {
			return nil, usage(fmt.Errorf("%s is compared with itself", base.Dir), "")
		}
		engines := o.engines
		if engines == nil {
			there := compare.EnginesOf(s.Run)
			engines = slices.DeleteFunc(compare.EnginesOf(base), func(e string) bool { return !slices.Contains(there, e) })
		}
		if len(engines) == 0 {
			return nil, environment(fmt.Errorf("%s and %s have no engine in common", base.Dir, s.Run.Dir), "name what to compare as DIR:ENGINE")
		}
		for _, e := range engines {
			pairs = append(pairs, [2]compare.Side{{Run: base, Engine: e}, {Run: s.Run, Engine: e}})
		}
	}
	return pairs, nil
}

// chooseWorkloads keeps what --workload names.
func (o *compareOptions) chooseWorkloads(matches []compare.Match) ([]compare.Match, error) {
	if o.workloads == nil {
		return matches, nil
	}
	for _, w := range o.workloads {
		if !slices.ContainsFunc(matches, func(m compare.Match) bool { return m.Case.Workload == w }) {
			return nil, usage(fmt.Errorf("--workload %s: not in what is compared", w), "")
		}
	}
	return slices.DeleteFunc(matches, func(m compare.Match) bool { return !slices.Contains(o.workloads, m.Case.Workload) }), nil
}

// conclude prints what came of it. The rules look at all metrics, whatever is
// printed.
func (o *compareOptions) conclude(c *cobra.Command, matches []compare.Match) error {
	gates, err := o.judge(matches)
	if err != nil {
		return err
	}
	shown, err := o.chooseMetrics(matches)
	if err != nil {
		return err
	}
	if o.json {
		out := json.NewEncoder(c.OutOrStdout())
		out.SetEscapeHTML(false) // rules have < and > in them
		err = out.Encode(newComparison(shown, gates))
	} else {
		err = report.Comparison(c.OutOrStdout(), shown, terminalWidth(c.OutOrStdout()))
		printGates(c.OutOrStdout(), gates)
	}
	if err != nil {
		return err
	}
	return gateStatus(gates)
}

// chooseMetrics keeps the rows that --metric names.
func (o *compareOptions) chooseMetrics(matches []compare.Match) ([]compare.Match, error) {
	if o.metrics == nil {
		return matches, nil
	}
	for _, name := range o.metrics {
		if !slices.Contains(compare.MetricNames(), name) {
			return nil, usage(fmt.Errorf("--metric %s: there are %s", name, strings.Join(compare.MetricNames(), ", ")), "")
		}
	}
	shown := slices.Clone(matches)
	for i := range shown {
		m := &shown[i]
		m.Rows = slices.DeleteFunc(slices.Clone(m.Rows), func(r compare.Row) bool { return !slices.Contains(o.metrics, r.Key) })
		m.Counts = slices.DeleteFunc(slices.Clone(m.Counts), func(n compare.Count) bool { return !slices.Contains(o.metrics, n.Key) })
	}
	return shown, nil
}
