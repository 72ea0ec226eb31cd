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

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

//go:embed report.html.tmpl
var page string

//go:embed style.css
var style string

//go:embed sort.js
var script string

// A Plot is a picture for the page.
type Plot struct {
	Name  string // of its files in plots/, without the extension
	Title string
	SVG   []byte
	// Groups names those it was drawn from, by their labels or what these begin
	// with.
	Groups []string
}

// HTML writes the report of a run as one page that needs nothing else: no font,
// no file, no network. A script in it sorts tables when their heads are clicked
// on; all there is to read is there without.
func HTML(w io.Writer, run *result.Run, plots []Plot) error {
	t, err := parsePage("report", page)
	if err != nil {
		return err
	}
	if err := t.Execute(w, newView(run, plots)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// parsePage parses a template with the functions that all have.
func parsePage(name, text string) (*template.Template, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"count": quantity.Count, "unknown": isUnknown,
		"duration": func(ns int64) string { return quantity.Duration(float64(ns)) },
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return t, nil
}

// view is what the page shows.
type view struct {
	Style      template.CSS
	Script     template.JS
	Env        *result.Env
	Broken     []string // claims that were broken
	Incomplete string
	Problems   []result.Problem
	Lead       *picture  // the first plot, which tells the story
	Plots      []picture // the others
	Sections   []Section
	Found      []string
	Agreements []Agreement
	Tax        *TaxTable
	TaxLegend  string
	Chapters   []chapter
	Cases      []caseRecords
	Details    []detail
	Facts      []fact
	Probed     []fact
}

type picture struct {
	Name, Title string
	SVG         template.HTML
	Sources     []link // the sections with the records that it shows
}

// link leads to a place in the page.
type link struct{ ID, Text string }

// detail is what a case had to say.
type detail struct{ Case, Status, Text string }

// fact is a line of the environment.
type fact struct{ Name, Value string }

func newView(run *result.Run, plots []Plot) *view {
	v := &view{Style: template.CSS(style), Script: template.JS(script), Env: &run.Env, Problems: run.Problems, Sections: Sections(run),
		Found: compare.Found(run), Agreements: Agreements(run), Tax: newTaxTable(run.Env.Tax), TaxLegend: taxLegend, Details: details(run), Facts: facts(&run.Env),
		Chapters: chapters(run), Cases: records(run)}
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
		v.Plots = append(v.Plots, picture{p.Name, p.Title, inline(p.SVG), sources(v.Sections, p.Groups)})
	}
	if len(v.Plots) > 0 {
		v.Lead, v.Plots = &v.Plots[0], v.Plots[1:]
	}
	for _, name := range slices.Sorted(maps.Keys(run.Env.Probed)) {
		v.Probed = append(v.Probed, fact{name, run.Env.Probed[name]})
	}
	return v
}

// sources are the sections of the groups that a picture names: those of its
// workload if none is called so.
func sources(sections []Section, groups []string) []link {
	var links []link
	for _, g := range groups {
		workload, _, _ := strings.Cut(g, ",")
		found := named(sections, g)
		if len(found) == 0 {
			found = named(sections, workload)
		}
		for _, l := range found {
			if !slices.Contains(links, l) {
				links = append(links, l)
			}
		}
	}
	return links
}

// named is the sections whose labels are name, or begin with it.
func named(sections []Section, name string) []link {
	var links []link
	for _, s := range sections {
		if s.Label == name || strings.HasPrefix(s.Label, name+",") {
			links = append(links, link{s.ID, s.Label})
		}
	}
	return links
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
		{"Block", quantity.Bytes(int64(e.Plan.Block))}, {"File size", quantity.Bytes(e.Plan.Size)},
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
