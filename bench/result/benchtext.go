package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A unit is one measurement of results.txt and what benchstat is to assume of
// it. What breaks a claim of coherence is exact: a repetition that differs is
// not noise to take the median of, and benchstat then warns.
type unit struct{ name, better, assume string }

var opUnits = []unit{
	{"ops/s", "higher", "nothing"},
	{"p50-latency-ns", "lower", "nothing"},
	{"p99-latency-ns", "lower", "nothing"},
	{"p999-latency-ns", "lower", "nothing"},
	{"max-latency-ns", "lower", "nothing"},
}

var costUnits = []unit{
	{"cpu-ns/op", "lower", "nothing"},
	{"ctx-switches/op", "lower", "nothing"},
	{"exposures", "", "nothing"},
}

var caseUnits = []unit{
	{"stale-reads", "lower", "exact"},
	{"loss-rounds", "lower", "exact"},
	{"broken-cells", "lower", "exact"},
	{"failed-runs", "lower", "exact"},
}

// benchHeader opens results.txt: the configuration, and a Unit line for each
// property of each unit.
func benchHeader(env *Env) string {
	var b strings.Builder
	for _, kv := range [][2]string{
		{"goos", env.OS}, {"goarch", env.Arch}, {"pkg", "cohbench"}, {"cpu", env.CPU},
		{"kernel", env.Kernel}, {"filesystem", env.FileSystem}, {"device", env.Device},
		{"mmu", env.MMU}, {"io", env.IO}, {"commit", env.Commit},
	} {
		if kv[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", kv[0], strings.Join(strings.Fields(kv[1]), " "))
		}
	}
	for _, u := range slices.Concat(opUnits, costUnits, caseUnits) {
		if u.better != "" {
			fmt.Fprintf(&b, "Unit %s better=%s\n", u.name, u.better)
		}
		fmt.Fprintf(&b, "Unit %s assume=%s\n", u.name, u.assume)
	}
	return b.String()
}

// benchText is results.txt of records in display order: workloads and engines as
// in the plan, repetitions as measured. The column that benchstat compares with
// is the first it sees, which in the order of measurement is anybody.
func benchText(env *Env, records []Record) []byte {
	workload := func(r *Record) int { return slices.Index(env.Plan.Workloads, r.Workload) }
	engine := func(r *Record) int {
		return slices.IndexFunc(env.Engines, func(e Engine) bool { return e.Name == r.Engine })
	}
	sorted := make([]*Record, len(records))
	for i := range records {
		sorted[i] = &records[i]
	}
	slices.SortStableFunc(sorted, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(workload(a), workload(b)), cmp.Compare(a.Threads, b.Threads), cmp.Compare(a.Block, b.Block),
			cmp.Compare(engine(a), engine(b)), cmp.Compare(a.Pair, b.Pair))
	})
	text := []byte(benchHeader(env))
	for _, r := range sorted {
		text = append(text, benchLines(r, env.distinct(r), env.GOMAXPROCS)...)
	}
	return text
}

// benchLines renders a record: a line per class with its rate and latencies,
// and one with what belongs to the case as a whole. A case that did not end
// well has no rates. mmu is "" unless it is needed to tell cases apart.
func benchLines(r *Record, mmu string, procs int) string {
	var b strings.Builder
	name := fmt.Sprintf("workload=%s/engine=%s/threads=%d", benchWord(r.Workload), benchWord(r.Engine), r.Threads)
	if r.IODepth != 0 {
		name += fmt.Sprintf("/iodepth=%d", r.IODepth)
	}
	if r.Pair != 0 {
		name += fmt.Sprintf("/pair=%d", r.Pair)
	}
	if mmu != "" {
		name += "/mmu=" + benchWord(mmu)
	}
	if r.Block > 0 {
		name += fmt.Sprintf("/block=%d", r.Block)
	}
	if r.Set != "" {
		name += "/set=" + benchWord(r.Set)
	}
	var total int64
	for _, class := range slices.Sorted(maps.Keys(r.Ops)) {
		total += r.Ops[class]
		if !r.OK() || r.Ops[class] == 0 {
			continue
		}
		l := r.Latency[class]
		writeBench(&b, fmt.Sprintf("BenchmarkOp/%s/class=%s-%d", name, benchWord(class), procs), r.Ops[class], opUnits,
			r.Rate[class], float64(l.P50), float64(l.P99), float64(l.P999), float64(l.Max))
	}
	writeBench(&b, fmt.Sprintf("BenchmarkCase/%s-%d", name, procs), max(total, 1), caseUnits, r.counts()...)
	if r.OK() && total > 0 {
		writeBench(&b, fmt.Sprintf("BenchmarkCost/%s-%d", name, procs), total, costUnits,
			r.CPUNsPerOp, r.CtxSwitchesPerOp, float64(r.Exposures))
	}
	return b.String()
}

// counts returns the values of caseUnits.
func (r *Record) counts() []float64 {
	failed := 0.0
	if !r.OK() {
		failed = 1
	}
	return []float64{float64(r.Oracle.StaleEvents), float64(r.LossRounds), float64(r.Oracle.BrokenCells()), failed}
}

func writeBench(b *strings.Builder, name string, n int64, units []unit, values ...float64) {
	fmt.Fprintf(b, "%s\t%d", name, n)
	for i, u := range units {
		fmt.Fprintf(b, "\t%s %s", formatBench(values[i]), u.name)
	}
	b.WriteByte('\n')
}

// formatBench prints enough digits for any measurement, and counts in full.
func formatBench(v float64) string {
	if v == float64(int64(v)) {
		return fmt.Sprintf("%d", int64(v))
	}
	return fmt.Sprintf("%.6g", v)
}

// benchWord makes s fit for a benchmark's name: no spaces, no slashes.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '/' || r == 0x7f {
			return '_'
		}
		return r
	}, s)
}
