package plots

import (
	"fmt"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// A Value is a figure with its interval. Without an interval Lo and Hi equal
// Center.
type Value struct {
	Center, Lo, Hi float64
	Interval       bool
}

func valueOf(e compare.Estimate) Value {
	if !e.Interval() {
		return Value{Center: e.Center, Lo: e.Center, Hi: e.Center}
	}
	return Value{e.Center, e.Lo, e.Hi, true}
}

// labelling names the groups of a run. A group whose engines another MMU ranks
// otherwise, or finds other faults in, says so: its order is not to be quoted.
func labelling(run *result.Run, groups []compare.Group) func(g compare.Group) string {
	rankings := compare.Rankings(run)
	return func(g compare.Group) string {
		for i := range rankings {
			if r := &rankings[i]; !r.Same() && (g.Equal(r.A) || g.Equal(r.B)) {
				return g.Label(groups) + ": MMUs DISAGREE"
			}
		}
		return g.Label(groups)
	}
}

// panels lists the groups that have a panel each: every one at its most
// threads, of sweeps the first and the last step.
func panels(run *result.Run) []compare.Group {
	return ends(compare.MostThreads(compare.Groups(run)))
}

// Bars is the throughput of each engine in one group.
type Bars struct {
	Label string
	Class string
	Rows  []Bar
}

// A Bar is one engine: its rate in operations per second, or a Note that says
// why it has none.
type Bar struct {
	Engine string
	Rate   Value
	Note   string
}

// Throughputs returns the rates of the groups that have a panel (see panels).
func Throughputs(run *result.Run) []Bars {
	groups := panels(run)
	label := labelling(run, groups)
	var all []Bars
	for _, g := range groups {
		b := Bars{Label: label(g), Class: g.Class}
		for _, c := range g.Cases {
			b.Rows = append(b.Rows, bar(run.Records, c, g.Class))
		}
		all = append(all, b)
	}
	return all
}

func bar(records []result.Record, c result.Case, class string) Bar {
	b := Bar{Engine: c.Engine}
	e := compare.Summary(records, c, compare.Rate(class))
	failed := failures(records, c)
	switch {
	case e.N > 0:
		b.Rate = valueOf(e)
		b.Note = failed
	case failed != "":
		b.Note = failed
	default:
		b.Note = "no " + class
	}
	return b
}

// failures says how many repetitions of a case did not end well: "deadlock 6/6".
func failures(records []result.Record, c result.Case) string {
	counts := make(map[string]int)
	total := 0
	for _, r := range compare.Of(records, c) {
		counts[r.Status]++
		total++
	}
	for _, status := range []string{result.StatusDeadlock, result.StatusStarved, result.StatusError, result.StatusUnsupported} {
		if n := counts[status]; n > 0 {
			return fmt.Sprintf("%s %d/%d", status, n, total)
		}
	}
	return ""
}

// Odds is how often each engine of one group went wrong, per exposure.
type Odds struct {
	Label string
	Rows  []Odd
}

// An Odd is one engine: stale reads and rounds with losses, per exposure.
type Odd struct {
	Engine      string
	Stale, Lost Chance
}

// A Chance is events per trial. With no events it is a bound: at most Hi. Note
// says why there is neither.
type Chance struct {
	Value, Lo, Hi float64
	Events        int64
	Bound         bool
	Note          string
}

func chanceOf(c compare.Chance) Chance {
	return Chance{Value: c.Value, Lo: c.Lo, Hi: c.Hi, Events: c.Events, Bound: c.Bound(), Note: c.None}
}

// Stalenesses returns the odds of the groups in which somebody was exposed.
func Stalenesses(run *result.Run) []Odds {
	groups := panels(run)
	label := labelling(run, groups)
	var all []Odds
	for _, g := range groups {
		o := Odds{Label: label(g)}
		exposed := false
		for _, c := range g.Cases {
			row := Odd{c.Engine, chanceOf(compare.Stale(run.Records, c)), chanceOf(compare.Lost(run.Records, c))}
			exposed = exposed || row.Stale.Note == ""
			o.Rows = append(o.Rows, row)
		}
		if exposed {
			all = append(all, o)
		}
	}
	return all
}

// Tradeoff is throughput against staleness in one group.
type Tradeoff struct {
	Label    string
	Relative bool // Rate is relative to raw, else in operations per second
	Class    string
	Points   []TradeoffPoint
	Omitted  []string // engines that went wrong, but not per exposure, and how often
}

// A TradeoffPoint is one engine.
type TradeoffPoint struct {
	Engine string
	Rate   Value
	Stale  Chance
}

// Tradeoffs returns, for the groups in which somebody was exposed, the
// rate of each exposed engine, relative to raw where there are repetitions
// enough to say so.
func Tradeoffs(run *result.Run) []Tradeoff {
	groups := panels(run)
	label := labelling(run, groups)
	var all []Tradeoff
	for _, g := range groups {
		t := Tradeoff{Label: label(g), Class: g.Class, Relative: relative(run.Records, g)}
		for _, c := range g.Cases {
			stale := chanceOf(compare.Stale(run.Records, c))
			rate, ok := tradeoffRate(run.Records, c, t)
			switch {
			case stale.Note == "" && ok:
				t.Points = append(t.Points, TradeoffPoint{c.Engine, rate, stale})
			case stale.Events > 0:
				t.Omitted = append(t.Omitted, fmt.Sprintf("%s (%s)", c.Engine, stale.Note))
			}
		}
		if len(t.Points) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// relative reports whether every engine of g can be put in proportion to raw.
func relative(records []result.Record, g compare.Group) bool {
	for _, c := range g.Cases {
		base, ok := compare.Base(records, c, "raw")
		if !ok || compare.Against(records, c, base, compare.Rate(g.Class)).Refused != "" && compare.Summary(records, c, compare.Rate(g.Class)).N > 0 {
			return false
		}
	}
	return true
}

// tradeoffRate is the rate of c in the terms of t; false if it has none.
func tradeoffRate(records []result.Record, c result.Case, t Tradeoff) (Value, bool) {
	e := compare.Summary(records, c, compare.Rate(t.Class))
	if e.N == 0 {
		return Value{}, false
	}
	if t.Relative {
		base, _ := compare.Base(records, c, "raw")
		e = compare.Against(records, c, base, compare.Rate(t.Class)).Estimate
	}
	return valueOf(e), true
}

// Distribution is the latencies of one group.
type Distribution struct {
	Label  string
	Class  string
	Curves []Curve
}

// A Curve is the latencies of one engine, all repetitions together.
type Curve struct {
	Engine string
	result.Distribution
}

// Latencies returns the distributions of the groups, and what could not be
// read.
func Latencies(run *result.Run) (all []Distribution, problems []error) {
	groups := panels(run)
	for _, g := range groups {
		d := Distribution{Label: g.Label(groups), Class: g.Class}
		for _, c := range g.Cases {
			curve, err := run.Distribution(c, g.Class)
			if err != nil {
				problems = append(problems, err)
			}
			if curve.N > 0 {
				d.Curves = append(d.Curves, Curve{c.Engine, curve})
			}
		}
		if len(d.Curves) > 0 {
			all = append(all, d)
		}
	}
	return all, problems
}
