package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

//go:embed report.html.tmpl
var page string

//go:embed style.css
var style string

// A Plot is a picture for the page.
type Plot struct {
	Title string
	SVG   []byte
}

// HTML writes the report of a run as one page that needs nothing else: no
// script, no font, no file, no network.
func HTML(w io.Writer, run *result.Run, plots []Plot) error {
	t, err := template.New("report").Funcs(template.FuncMap{"count": quantity.Count, "unknown": isUnknown, "duration": func(ns int64) string { return quantity.Duration(float64(ns)) }}).Parse(page)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, newView(run, plots)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// view is what the page shows.
type view struct {
	Style      template.CSS
	Env        *result.Env
	Broken     []string // claims that were broken
	Incomplete string
	Problems   []result.Problem
	Lead       *picture  // the first plot, which tells the story
	Plots      []picture // the others
	Sections   []Section
	Agreements []Agreement
	Tax        *TaxTable
	TaxLegend  string
	Details    []detail
	Facts      []fact
	Probed     []fact
}

type picture struct {
	Title string
	SVG   template.HTML
}

// detail is what a case had to say.
type detail struct{ Case, Status, Text string }

// fact is a line of the environment.
type fact struct{ Name, Value string }

func newView(run *result.Run, plots []Plot) *view {
	v := &view{Style: template.CSS(style), Env: &run.Env, Problems: run.Problems, Sections: Sections(run),
		Agreements: Agreements(run), Tax: newTaxTable(run.Env.Tax), TaxLegend: taxLegend, Details: details(run), Facts: facts(&run.Env)}
	for _, s := range v.Sections {
		for _, r := range s.Rows {
			if r.Broken {
				v.Broken = append(v.Broken, fmt.Sprintf("%s on %s", r.Engine, s.Label))
			}
		}
	}
	if !run.Complete() {
		v.Incomplete = fmt.Sprintf("The run is incomplete: %d of %d planned records.", len(run.Records), run.Env.Plan.Records)
	}
	for _, p := range plots {
		v.Plots = append(v.Plots, picture{p.Title, inline(p.SVG)})
	}
	if len(v.Plots) > 0 {
		v.Lead, v.Plots = &v.Plots[0], v.Plots[1:]
	}
	for _, name := range slices.Sorted(maps.Keys(run.Env.Probed)) {
		v.Probed = append(v.Probed, fact{name, run.Env.Probed[name]})
	}
	return v
}

// inline drops what precedes the svg element: a page has its own prolog.
func inline(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	return template.HTML(svg)
}

// details collects the reports of deadlocks, errors and violations, the first
// of each case.
func details(run *result.Run) []detail {
	var list []detail
	seen := make(map[result.Case]bool)
	for i := range run.Records {
		r := &run.Records[i]
		if r.Detail == "" || seen[r.Case()] {
			continue
		}
		seen[r.Case()] = true
		list = append(list, detail{fmt.Sprintf("%s, %s, %d threads, repetition %d", r.Engine, r.Workload, r.Threads, r.Rep), r.Status, r.Detail})
	}
	return list
}

func isUnknown(s string) bool { return s == "" || strings.HasPrefix(s, "unknown") }

func facts(e *result.Env) []fact {
	list := []fact{
		{"Kernel", e.Kernel}, {"System", e.OS + "/" + e.Arch}, {"CPU", e.CPU}, {"Cores", fmt.Sprintf("%d, CPUs %s", e.Cores, e.CPUList)},
		{"NUMA", e.NUMA}, {"Frequency governor", e.Governor}, {"Virtual machine", e.Virtual}, {"Memory", e.Memory}, {"Load at the start", e.Load},
		{"Directory", e.Dir}, {"File system", e.FileSystem}, {"Mounted at", e.MountPoint}, {"Mount options", e.MountOptions},
		{"Device", e.Device}, {"IO scheduler", e.Scheduler}, {"Write cache", e.WriteCache}, {"Rotational", e.Rotational},
		{"O_DIRECT is", e.IO}, {"MMU of the model engines", e.MMU},
		{"Go", e.Go}, {"GOMAXPROCS", fmt.Sprint(e.GOMAXPROCS)}, {"Commit", e.Commit}, {"Seed", fmt.Sprint(e.Seed)},
		{"Block", quantity.Count(int64(e.Plan.Block)) + " bytes"}, {"File size", quantity.Count(e.Plan.Size) + " bytes"},
		{"Measured", fmt.Sprintf("%g s a case, %d repetitions", e.Plan.Duration, e.Plan.Reps)},
		{"Command", strings.Join(e.Command, " ")},
	}
	for i := range list {
		if list[i].Value == "" {
			list[i].Value = "unknown: not recorded"
		}
	}
	return list
}

// WaitShare is the time waited for add and for block, per direct write.
func (r Row) WaitShare(class string) string {
	ops := r.Counts.Ops[class]
	if ops == 0 {
		return "-"
	}
	return quantity.Duration(float64(r.Counts.Lock.AddWaitNs+r.Counts.Lock.BlockWaitNs) / float64(ops))
}
