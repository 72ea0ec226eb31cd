package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cohbench/bench/result"
)

// A Side is one engine of one run.
type Side struct {
	Run    *result.Run
	Engine string
}

// String is the side as the command line names it.
func (s Side) String() string { return s.Run.Dir + ":" + s.Engine }

// A Match holds one side against another on one case, metric by metric.
type Match struct {
	Base, New       Side
	BaseCase, Case  result.Case // they differ by what Mixed allows
	Paired          bool        // in one run, by repetition
	Rows            []Row
	Counts          []Count
	Notes           []string // worth knowing before believing it
	BaseReps, NReps int      // repetitions with figures
}

// A Row is one metric of a match.
type Row struct {
	Metric
	Base, New Estimate
	Ratio     Ratio // new to base
	AA        Ratio // two identical engines beside them: of two runs, the noisier
}

// A Count is one kind of misdeed of a match, per exposure.
type Count struct {
	Key       string // "stale", "lost"
	Base, New Chance
}

// Matches compares two sides on every case that both have. Cases which differ
// in more than the engine are not compared, and if a workload that both have is
// left without any, the error says what they differ in; so it does if the runs
// cannot be compared at all, or have no case in common. A side which is not in
// its run is ErrNoEngine.
func Matches(base, new Side) ([]Match, error) {
	refuse := func(why string) error { return fmt.Errorf("%s and %s cannot be compared: %s", base, new, why) }
	if base.Run != new.Run {
		if why := MixedRuns(&base.Run.Env, &new.Run.Env); why != "" {
			return nil, refuse(why)
		}
	}
	a, err := base.cases()
	if err != nil {
		return nil, err
	}
	b, err := new.cases()
	if err != nil {
		return nil, err
	}
	var list []Match
	for _, x := range a {
		for _, y := range b {
			if Mixed(x, y) == "" {
				list = append(list, newMatch(base, new, x, y))
			}
		}
	}
	if why := unmatched(a, b, list); why != "" {
		return nil, refuse(why)
	}
	return list, nil
}

// ErrNoEngine says that a run has no record of an engine.
var ErrNoEngine = errors.New("no such engine in the run")

// cases are those of a side, without twins, in the order of the run's groups.
func (s Side) cases() ([]result.Case, error) {
	var list []result.Case
	for _, g := range Groups(s.Run) {
		for _, c := range g.Cases {
			if c.Engine == s.Engine && !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	if list == nil {
		return nil, fmt.Errorf("%s: %w, there are %s", s, ErrNoEngine, strings.Join(EnginesOf(s.Run), ", "))
	}
	return list, nil
}

// EnginesOf lists the engines which a run has records of, in display order.
func EnginesOf(run *result.Run) []string {
	var list []string
	for _, g := range Groups(run) {
		for _, c := range g.Cases {
			list = append(list, c.Engine)
		}
	}
	rank := order(names(run.Env.Engines), list, func(s string) string { return s })
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(rank[a], rank[b]) })
	return slices.Compact(list)
}

// unmatched says why a workload that both have is in no match, or that there
// is none.
func unmatched(a, b []result.Case, list []Match) string {
	for _, x := range a {
		if slices.ContainsFunc(list, func(m Match) bool { return m.Case.Workload == x.Workload }) {
			continue
		}
		for _, y := range b {
			if x.Workload == y.Workload {
				return fmt.Sprintf("workload %s: %s", x.Workload, Mixed(x, y))
			}
		}
	}
	if len(list) == 0 {
		return "they have no workload in common"
	}
	return ""
}

func newMatch(base, new Side, x, y result.Case) Match {
	m := Match{Base: base, New: new, BaseCase: x, Case: y, Paired: base.Run == new.Run}
	for _, metric := range m.metrics() {
		if row := m.row(metric); row.Base.N+row.New.N > 0 || metric.Key == "rate" {
			m.Rows = append(m.Rows, row)
		}
	}
	for _, c := range []struct {
		key string
		of  func([]result.Record, result.Case) Chance
	}{{"stale", Stale}, {"lost", Lost}} {
		m.Counts = append(m.Counts, Count{c.key, c.of(base.Run.Records, x), c.of(new.Run.Records, y)})
	}
	m.Notes = append(m.ended(base, x), m.ended(new, y)...)
	return m
}

// Labels names the cases of matches, so that no two which differ have the same
// name.
func Labels(matches []Match) []string {
	var groups []Group
	for i := range matches {
		c := matches[i].Case
		groups = append(groups, Group{Workload: c.Workload, Threads: c.Threads, IO: c.IO, Block: c.Block, Size: c.Size, IODepth: c.IODepth, Set: c.Set})
	}
	var labels []string
	for i, g := range groups {
		label := g.Label(groups)
		if mmu := matches[i].Case.MMU; mmu != "none" {
			label += ", MMU " + mmu
		}
		labels = append(labels, label)
	}
	return labels
}

// metrics lists what the match compares: the class that the workload is judged
// by first.
func (m *Match) metrics() []Metric {
	classes := map[string]bool{}
	for _, list := range [][]result.Record{Of(m.Base.Run.Records, m.BaseCase), Of(m.New.Run.Records, m.Case)} {
		for i := range list {
			for class, ops := range list[i].Ops {
				classes[class] = classes[class] || ops > 0
			}
		}
	}
	headline := Headline(m.New.Run.Records, m.Case.Workload)
	names := slices.SortedFunc(maps.Keys(classes), func(a, b string) int {
		if (a == headline) != (b == headline) {
			return map[bool]int{true: -1, false: 1}[a == headline]
		}
		return cmp.Compare(a, b)
	})
	var list []Metric
	for _, class := range names {
		list = append(list, Rate(class), P50(class), P99(class), P999(class), P9999(class), Jain(class))
	}
	return append(list, CPU(), ContextSwitches(), BlockP99())
}

// row compares one metric.
func (m *Match) row(metric Metric) Row {
	a, b := Series(m.Base.Run.Records, m.BaseCase, metric), Series(m.New.Run.Records, m.Case, metric)
	m.BaseReps, m.NReps = max(m.BaseReps, len(a)), max(m.NReps, len(b))
	r := Row{Metric: metric, Base: Median(values(a)), New: Median(values(b)), AA: AA(m.New.Run.Records, m.Case, metric)}
	if why := OtherMix(Of(m.Base.Run.Records, m.BaseCase), Of(m.New.Run.Records, m.Case)); metric.AnyClass && why != "" {
		r.Ratio.Refused = metric.Key + ": " + why
		return r
	}
	if m.Paired {
		r.Ratio = Paired(b, a)
		return r
	}
	r.Ratio = Unpaired(values(b), values(a))
	if other := AA(m.Base.Run.Records, m.BaseCase, metric); other.Refused == "" && other.Noise() >= r.AA.Noise() {
		r.AA = other
	}
	return r
}

func values(series map[int]float64) []float64 {
	return slices.Collect(maps.Values(series))
}

// ended notes repetitions which have no figures because they did not end well.
func (m *Match) ended(s Side, c result.Case) []string {
	records := Of(s.Run.Records, c)
	counts := map[string]int{}
	for i := range records {
		if !records[i].OK() {
			counts[records[i].Status]++
		}
	}
	var notes []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		notes = append(notes, fmt.Sprintf("%s: %d of %d repetitions ended as %s and have no figures", s, counts[status], len(records), status))
	}
	return notes
}

// Verdict is that of the ratio, for two identical engines that differ so.
func (r Row) Verdict() Verdict { return r.Ratio.Verdict(r.AA) }

// Improved reports whether new is better than base; it means something only
// where the verdict is Different.
func (r Row) Improved() bool { return r.Ratio.Center > 1 == (r.Better > 0) }

// Verdict calls two chances different if their intervals do not meet, which
// for equal ones happens less often than once in twenty times.
func (c Count) Verdict() Verdict {
	switch {
	case c.Base.None != "" || c.New.None != "":
		return Refused
	case c.Base.Hi < c.New.Lo || c.New.Hi < c.Base.Lo:
		return Different
	}
	return Alike
}
