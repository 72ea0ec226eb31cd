package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

//go:embed index.html.tmpl
var indexPage string

//go:embed machines.html.tmpl
var machinesPage string

// A SiteRun is one run of a site.
type SiteRun struct {
	Name string // of its folder in the site, and of its column
	Run  *result.Run
}

// Index writes the front page of a site: its runs, where they were made and what
// was found, with links to their reports.
func Index(w io.Writer, runs []SiteRun) error {
	v := indexView{Style: template.CSS(style), Script: template.JS(script)}
	for _, r := range runs {
		v.Rows = append(v.Rows, newIndexRow(r))
	}
	return execute(w, "index", indexPage, v)
}

func execute(w io.Writer, name, text string, data any) error {
	t, err := parsePage(name, text)
	if err != nil {
		return err
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

type indexView struct {
	Style  template.CSS
	Script template.JS
	Rows   []indexRow
}

// indexRow is one run.
type indexRow struct {
	Name, Made, FileSystem, Device, Kernel, CPU, MMU, IO string
	Cores, Records                                       int
	Findings                                             []string // claims that were broken, and what is missing
}

func newIndexRow(r SiteRun) indexRow {
	e := &r.Run.Env
	row := indexRow{
		Name: r.Name, Made: e.Created.UTC().Format("2006-01-02 15:04"), FileSystem: e.FileSystem, Device: e.Device, Kernel: release(e),
		CPU: e.CPU, MMU: e.MMU, IO: e.IO, Cores: e.Cores, Records: len(r.Run.Records),
	}
	for _, s := range Sections(r.Run) {
		for _, engine := range s.Rows {
			if engine.Broken {
				row.Findings = append(row.Findings, fmt.Sprintf("claim broken: %s on %s", engine.Engine, s.Label))
			}
		}
	}
	if !r.Run.Complete() {
		row.Findings = append(row.Findings, fmt.Sprintf("incomplete: %d of %d records", len(r.Run.Records), e.Plan.Records))
	}
	return row
}

func release(e *result.Env) string {
	first, _, _ := strings.Cut(e.Kernel, " ")
	return first
}

// Machines writes the page that holds the runs of a site against one another.
func Machines(w io.Writer, runs []SiteRun, plots []Plot) error {
	v := machinesView{Style: template.CSS(style), Script: template.JS(script), Facts: sideBySide(runs), Groups: machineGroups(runs)}
	for _, r := range runs {
		v.Names = append(v.Names, r.Name)
	}
	for _, p := range plots {
		v.Plots = append(v.Plots, picture{Name: p.Name, Title: p.Title, SVG: inline(p.SVG)})
	}
	return execute(w, "machines", machinesPage, v)
}

type machinesView struct {
	Style  template.CSS
	Script template.JS
	Names  []string
	Plots  []picture
	Facts  []factRow
	Groups []machineGroup
}

// factRow is one fact of the environment in each run.
type factRow struct {
	Name   string
	Values []string
	Differ bool
}

// sideBySide lists the environments of runs, one fact a row.
func sideBySide(runs []SiteRun) []factRow {
	var rows []factRow
	for i, r := range runs {
		for k, f := range facts(&r.Run.Env) {
			if i == 0 {
				rows = append(rows, factRow{Name: f.Name})
			}
			rows[k].Values = append(rows[k].Values, f.Value)
			rows[k].Differ = rows[k].Differ || f.Value != rows[k].Values[0]
		}
	}
	return rows
}

// machineGroup is one group of cases which more than one run has.
type machineGroup struct {
	Label, Class string
	Names        []string // of the runs that have it
	Rows         []machineRow
}

// machineRow is one engine, with a cell per run that has the group.
type machineRow struct {
	Engine string
	Cells  []machineCell
}

// machineCell is what a run says of an engine.
type machineCell struct {
	Ratio   string // to raw in the same run; "-" without
	Rate    string
	Finding string
	Bad     bool
}

// machineGroups matches the groups of runs: those which differ in nothing but
// the machine. What one run alone has is in its own report.
func machineGroups(runs []SiteRun) []machineGroup {
	var shared []compare.Group
	for i, r := range runs {
		for _, g := range compare.Groups(r.Run) {
			others := slices.ContainsFunc(runs[i+1:], func(o SiteRun) bool { _, ok := find(o.Run, g); return ok })
			if others && !slices.ContainsFunc(shared, g.Equal) {
				shared = append(shared, g)
			}
		}
	}
	var list []machineGroup
	for _, g := range shared {
		list = append(list, newMachineGroup(runs, g, shared))
	}
	return list
}

// find returns the group of a run that equals g.
func find(run *result.Run, g compare.Group) (compare.Group, bool) {
	groups := compare.Groups(run)
	if i := slices.IndexFunc(groups, g.Equal); i >= 0 {
		return groups[i], true
	}
	return compare.Group{}, false
}

func newMachineGroup(runs []SiteRun, g compare.Group, shared []compare.Group) machineGroup {
	m := machineGroup{Label: g.Label(shared), Class: g.Class}
	runs = slices.DeleteFunc(slices.Clone(runs), func(r SiteRun) bool { _, ok := find(r.Run, g); return !ok })
	for i, r := range runs {
		m.Names = append(m.Names, r.Name)
		own, _ := find(r.Run, g)
		for _, c := range own.Cases {
			at := slices.IndexFunc(m.Rows, func(row machineRow) bool { return row.Engine == c.Engine })
			if at < 0 {
				at = len(m.Rows)
				m.Rows = append(m.Rows, machineRow{c.Engine, make([]machineCell, len(runs))})
			}
			m.Rows[at].Cells[i] = newMachineCell(r.Run, g.Class, c)
		}
	}
	return m
}

func newMachineCell(run *result.Run, class string, c result.Case) machineCell {
	own := compare.Of(run.Records, c)
	cell := machineCell{Ratio: "-", Rate: estimate(compare.Summary(run.Records, c, compare.Rate(class)), quantity.SI)}
	if b, ok := compare.Base(run.Records, c, base); ok && b != c {
		if r := compare.Against(run.Records, c, b, compare.Rate(class)); r.Refused == "" {
			cell.Ratio = ratio(r)
		}
	}
	worst := compare.Worst(own)
	cell.Bad = worst > compare.Clean
	text, failed := status(own, false)
	switch {
	case failed || worst == compare.NoOutcome:
		cell.Finding = text
	case worst > compare.Clean:
		cell.Finding = worst.String()
	default:
		cell.Finding = "nothing"
		if stale := compare.Stale(run.Records, c); stale.None == "" {
			cell.Finding = "nothing in " + quantity.Short(stale.Trials) + " exposures"
		}
	}
	return cell
}
