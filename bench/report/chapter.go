package report

import (
	"fmt"
	"maps"
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// chapter is a part of the page: a table per group.
type chapter struct {
	ID, Title, Note string
	Tables          []chapterTable
}

// chapterTable is figures of one group, a row per engine, or per engine and
// class.
type chapterTable struct {
	Label string
	Heads []string
	Rows  [][]string
}

// A column is one figure of a case, the median over its repetitions.
type column struct {
	head  string
	of    func(r *result.Record) (float64, bool)
	print func(float64) string
}

// cell prints the figure of a case; "-" if no record has it.
func (col column) cell(records []result.Record, c result.Case) string {
	return estimate(compare.Summary(records, c, compare.Metric{Key: col.head, Of: col.of}), col.print)
}

// chapters builds the parts that there is data for.
func chapters(run *result.Run) []chapter {
	var list []chapter
	for _, ch := range []chapter{openLoops(run), fairness(run), staleness(run), costs(run)} {
		if len(ch.Tables) > 0 {
			list = append(list, ch)
		}
	}
	return list
}

// tabulate adds a table per group with a row per engine that has any figure.
func (ch *chapter) tabulate(run *result.Run, columns []column) {
	groups := compare.Groups(run)
	for _, g := range groups {
		t := chapterTable{Label: g.Label(groups), Heads: []string{"engine"}}
		for _, col := range columns {
			t.Heads = append(t.Heads, col.head)
		}
		for _, c := range g.Cases {
			row := []string{c.Engine}
			for _, col := range columns {
				row = append(row, col.cell(run.Records, c))
			}
			if slices.ContainsFunc(row[1:], func(s string) bool { return s != "-" }) {
				t.Rows = append(t.Rows, row)
			}
		}
		if len(t.Rows) > 0 {
			t.dropEmpty()
			ch.Tables = append(ch.Tables, t)
		}
	}
}

// dropEmpty removes columns without a figure.
func (t *chapterTable) dropEmpty() {
	for col := len(t.Heads) - 1; col > 0; col-- {
		if slices.ContainsFunc(t.Rows, func(row []string) bool { return row[col] != "-" }) {
			continue
		}
		t.Heads = slices.Delete(t.Heads, col, col+1)
		for i := range t.Rows {
			t.Rows[i] = slices.Delete(t.Rows[i], col, col+1)
		}
	}
}

// costs is what operations cost the machine.
func costs(run *result.Run) chapter {
	ch := chapter{ID: "cost", Title: "What an operation costs",
		Note: "Medians over the repetitions, per operation of any class, of the whole process: they compare only where engines did the same mix of operations (no star under Results). Page faults are those of the host process, not of the engine."}
	micro := func(of func(r *result.Record) float64) func(r *result.Record) (float64, bool) {
		return func(r *result.Record) (float64, bool) { return of(r) / 1000, r.CPUNsPerOp > 0 }
	}
	plain := func(of func(r *result.Record) float64) func(r *result.Record) (float64, bool) {
		return func(r *result.Record) (float64, bool) { return of(r), r.CPUNsPerOp > 0 }
	}
	columns := []column{
		{"CPU, µs", micro(func(r *result.Record) float64 { return r.CPUNsPerOp }), quantity.Digits},
		{"of it in the kernel, µs", micro(func(r *result.Record) float64 { return r.SystemNsPerOp }), quantity.Digits},
		{"context switches", plain(func(r *result.Record) float64 { return r.CtxSwitchesPerOp }), quantity.Digits},
		{"of them voluntary", plain(func(r *result.Record) float64 { return r.VoluntaryPerOp }), quantity.Digits},
		{"minor faults", plain(func(r *result.Record) float64 { return r.MinorFaultsPerOp }), quantity.Digits},
		{"major faults", plain(func(r *result.Record) float64 { return r.MajorFaultsPerOp }), quantity.Digits},
		{"garbage collections", func(r *result.Record) (float64, bool) { return float64(r.GC), true }, quantity.Exact},
	}
	for _, name := range counters(run.Records) {
		columns = append(columns, column{name, func(r *result.Record) (float64, bool) { v, ok := r.Perf[name]; return v, ok }, quantity.SI})
	}
	ch.tabulate(run, columns)
	return ch
}

// counters lists the performance counters that records have.
func counters(records []result.Record) []string {
	names := make(map[string]bool)
	for i := range records {
		for name := range records[i].Perf {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// openLoops is what was offered, and what became of it.
func openLoops(run *result.Run) chapter {
	ch := chapter{ID: "open-loop", Title: "Offered and served",
		Note: "Classes of operations that began on a schedule, whether or not those before them had ended. Latency counts from the time at which an operation was due; service from the call. " +
			"Medians over the repetitions; a backlog is operations due and not begun, of one task."}
	classes := make(map[string]bool)
	for i := range run.Records {
		for class := range run.Records[i].OpenLoop {
			classes[class] = true
		}
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		open := func(of func(o result.OpenLoop) float64) func(r *result.Record) (float64, bool) {
			return func(r *result.Record) (float64, bool) { o, ok := r.OpenLoop[class]; return of(o), ok }
		}
		due := func(of func(l result.Latency) int64) func(r *result.Record) (float64, bool) {
			return func(r *result.Record) (float64, bool) {
				_, ok := r.OpenLoop[class]
				return float64(of(r.Latency[class])), ok
			}
		}
		ch.tabulate(run, []column{
			{class + "s offered/s", open(func(o result.OpenLoop) float64 { return o.Offered }), quantity.ExactSI},
			{"served/s", open(func(o result.OpenLoop) float64 { return o.Served }), quantity.SI},
			{"not begun", open(func(o result.OpenLoop) float64 { return float64(o.Unserved) }), quantity.ExactSI},
			{"largest backlog", open(func(o result.OpenLoop) float64 { return float64(o.MaxBacklog) }), quantity.ExactSI},
			{"latency p50", due(func(l result.Latency) int64 { return l.P50 }), quantity.Duration},
			{"p99", due(func(l result.Latency) int64 { return l.P99 }), quantity.Duration},
			{"p99.9", due(func(l result.Latency) int64 { return l.P999 }), quantity.Duration},
			{"max", due(func(l result.Latency) int64 { return l.Max }), quantity.Duration},
			{"service p50", open(func(o result.OpenLoop) float64 { return float64(o.Service.P50) }), quantity.Duration},
			{"service p99", open(func(o result.OpenLoop) float64 { return float64(o.Service.P99) }), quantity.Duration},
			{"timer late p99", open(func(o result.OpenLoop) float64 { return float64(o.Generator.P99) }), quantity.Duration},
		})
	}
	return ch
}

// fairness is who had to wait for whom.
func fairness(run *result.Run) chapter {
	ch := chapter{ID: "fairness", Title: "Who waits for whom",
		Note: "Time to block: how long direct writers waited for the block side of the pagecache lock, acquisitions without a wait counted as 0. " +
			"A bypass is an acquisition of one side while a task waited for the other; most: during one wait. " +
			"Jain's index: 1 if all tasks of the class completed as many operations, 1/n if one of n did them all. Medians over the repetitions."}
	block := func(of func(l *result.Latency) int64) func(r *result.Record) (float64, bool) {
		return func(r *result.Record) (float64, bool) {
			if r.BlockTime == nil {
				return 0, false
			}
			return float64(of(r.BlockTime)), true
		}
	}
	lock := func(of func(l *result.Lock) int64) func(r *result.Record) (float64, bool) {
		return func(r *result.Record) (float64, bool) { return float64(of(&r.Lock)), r.BlockTime != nil }
	}
	columns := []column{
		{"time to block p50", block(func(l *result.Latency) int64 { return l.P50 }), quantity.Duration},
		{"p99", block(func(l *result.Latency) int64 { return l.P99 }), quantity.Duration},
		{"max", block(func(l *result.Latency) int64 { return l.Max }), quantity.Duration},
		{"blockers bypassed", lock(func(l *result.Lock) int64 { return l.BlockBypasses }), quantity.ExactSI},
		{"most", lock(func(l *result.Lock) int64 { return l.MaxBlockBypasses }), quantity.ExactSI},
		{"adders bypassed", lock(func(l *result.Lock) int64 { return l.AddBypasses }), quantity.ExactSI},
		{"most ", lock(func(l *result.Lock) int64 { return l.MaxAddBypasses }), quantity.ExactSI},
	}
	classes := make(map[string]bool)
	for i := range run.Records {
		for class := range run.Records[i].Jain {
			classes[class] = true
		}
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		columns = append(columns, column{"Jain's index, " + class, func(r *result.Record) (float64, bool) { v, ok := r.Jain[class]; return v, ok },
			func(v float64) string { return fmt.Sprintf("%.3f", v) }})
	}
	ch.tabulate(run, columns)
	return ch
}

// staleness is how far behind stale blocks were.
func staleness(run *result.Run) chapter {
	ch := chapter{ID: "behind", Title: "How far behind",
		Note: "Stale blocks, all repetitions together, by how many completed writes they were behind (k-staleness), the last column by that or more: lower bounds, since the oracle forgets. " +
			"How soon after a write its data is seen is in the plot of visibility."}
	groups := compare.Groups(run)
	for _, g := range groups {
		t := chapterTable{Label: g.Label(groups)}
		for _, c := range g.Cases {
			if counts := versions(compare.Of(run.Records, c)); len(counts) > 0 {
				row := []string{c.Engine}
				for _, n := range counts {
					row = append(row, quantity.Count(n))
				}
				t.Rows = append(t.Rows, row)
			}
		}
		if t.widen() {
			ch.Tables = append(ch.Tables, t)
		}
	}
	return ch
}

// versions adds up how many blocks were how many versions behind.
func versions(records []result.Record) []int64 {
	var counts []int64
	for _, r := range records {
		if r.Staleness == nil {
			continue
		}
		for k, n := range r.Staleness.Versions {
			for len(counts) <= k {
				counts = append(counts, 0)
			}
			counts[k] += n
		}
	}
	if !slices.ContainsFunc(counts, func(n int64) bool { return n > 0 }) {
		return nil
	}
	return counts[1:] // none is behind by no version
}

// widen makes all rows as long as the longest, and the heads for them; false
// without rows.
func (t *chapterTable) widen() bool {
	n := 0
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	t.Heads = []string{"engine"}
	for k := 1; k < n; k++ {
		t.Heads = append(t.Heads, fmt.Sprintf("%d", k))
	}
	for i := range t.Rows {
		for len(t.Rows[i]) < n {
			t.Rows[i] = append(t.Rows[i], "0")
		}
	}
	return n > 1
}
