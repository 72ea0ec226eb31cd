package main

import (
	"math"

	"cohbench/bench/compare"
	"cohbench/bench/report"
)

// comparison is what compare prints with --json. Figures that there are not
// are left out.
type comparison struct {
	Matches []comparedMatch `json:"matches"`
	Rules   []comparedRule  `json:"rules,omitempty"`
}

type comparedMatch struct {
	Base     comparedSide    `json:"base"`
	New      comparedSide    `json:"new"`
	Workload string          `json:"workload"`
	Threads  int             `json:"threads"`
	MMU      string          `json:"mmu"`
	Block    int             `json:"block"`
	Size     int64           `json:"size"`
	IODepth  int             `json:"iodepth,omitempty"`
	Set      string          `json:"set,omitempty"`
	Paired   bool            `json:"paired"`
	Metrics  []comparedRow   `json:"metrics"`
	Counts   []comparedCount `json:"counts"`
	Notes    []string        `json:"notes,omitempty"`
}

type comparedSide struct {
	Dir    string `json:"dir"`
	Engine string `json:"engine"`
}

type comparedRow struct {
	Metric  string        `json:"metric"`
	Class   string        `json:"class,omitempty"`
	Unit    string        `json:"unit"`
	Better  string        `json:"better"` // "higher" or "lower"
	Base    comparedValue `json:"base"`
	New     comparedValue `json:"new"`
	Ratio   comparedValue `json:"ratio"` // new to base
	P       *float64      `json:"p,omitempty"`
	AA      comparedValue `json:"a_a"`
	Verdict string        `json:"verdict"` // "better", "WORSE", "no difference", ...
}

// comparedValue is a median with its interval, or why there is none.
type comparedValue struct {
	Median     *float64 `json:"median,omitempty"`
	Lo         *float64 `json:"lo,omitempty"`
	Hi         *float64 `json:"hi,omitempty"`
	Confidence float64  `json:"confidence,omitempty"`
	N          int      `json:"n"`
	Why        string   `json:"why,omitempty"`
	Warnings   []string `json:"warnings,omitempty"`
}

type comparedCount struct {
	Metric string         `json:"metric"` // per exposure
	Base   comparedChance `json:"base"`
	New    comparedChance `json:"new"`
}

type comparedChance struct {
	Events    int64   `json:"events"`
	Exposures int64   `json:"exposures"`
	Value     float64 `json:"value"`
	Lo        float64 `json:"lo"`
	Hi        float64 `json:"hi"`
	Why       string  `json:"why,omitempty"`
}

type comparedRule struct {
	Rule    string  `json:"rule"`
	Outcome string  `json:"outcome"` // "pass", "FAIL", "not shown", "cannot tell"
	What    string  `json:"what"`
	Metric  string  `json:"metric"`
	Lo      float64 `json:"lo"` // a change, as a part of the base, or a value
	Hi      float64 `json:"hi"`
	Why     string  `json:"why,omitempty"`
}

func newComparison(matches []compare.Match, gates []gate) comparison {
	out := comparison{Matches: []comparedMatch{}}
	for i := range matches {
		out.Matches = append(out.Matches, newComparedMatch(&matches[i]))
	}
	for _, g := range gates {
		for _, f := range g.findings {
			out.Rules = append(out.Rules, comparedRule{g.text, outcome(f), g.where[f.Match], f.Metric, f.Lo, f.Hi, f.Open})
		}
	}
	return out
}

func newComparedMatch(m *compare.Match) comparedMatch {
	c := comparedMatch{
		Base: comparedSide{m.Base.Run.Dir, m.Base.Engine}, New: comparedSide{m.New.Run.Dir, m.New.Engine},
		Workload: m.Case.Workload, Threads: m.Case.Threads, MMU: m.Case.MMU, Block: m.Case.Block, Size: m.Case.Size, IODepth: m.Case.IODepth, Set: m.Case.Set,
		Paired: m.Paired, Notes: m.Notes, Metrics: []comparedRow{}, Counts: []comparedCount{},
	}
	for _, r := range m.Rows {
		row := comparedRow{
			Metric: r.Key, Class: r.Class, Unit: r.Unit, Better: map[bool]string{true: "higher", false: "lower"}[r.Better > 0],
			Base: valueOf(r.Base, ""), New: valueOf(r.New, ""), Ratio: valueOf(r.Ratio.Estimate, r.Ratio.Refused), AA: valueOf(r.AA.Estimate, r.AA.Refused),
			Verdict: report.Judged(r),
		}
		if !m.Paired && r.Ratio.Refused == "" {
			row.P = &r.Ratio.P
		}
		c.Metrics = append(c.Metrics, row)
	}
	for _, n := range m.Counts {
		c.Counts = append(c.Counts, comparedCount{n.Key, chanceOf(n.Base), chanceOf(n.New)})
	}
	return c
}

func valueOf(e compare.Estimate, refused string) comparedValue {
	v := comparedValue{N: e.N, Why: refused, Warnings: e.Warnings}
	if refused == "" && !math.IsNaN(e.Center) {
		v.Median = &e.Center
	}
	if refused == "" && e.Interval() {
		v.Lo, v.Hi, v.Confidence = &e.Lo, &e.Hi, e.Confidence
	}
	return v
}

func chanceOf(c compare.Chance) comparedChance {
	return comparedChance{c.Events, c.Trials, c.Value, c.Lo, c.Hi, c.None}
}
