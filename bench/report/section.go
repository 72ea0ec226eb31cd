package report

import (
	"fmt"
	"slices"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// base is the engine that rates are put in proportion to.
const base = "raw"

// A Section is what is said of one group of cases: a workload, a number of
// threads, and all engines.
type Section struct {
	ID    string // of the section in a page
	Label string // "direct-write+store, 8 threads"
	Class string // of the operations whose rate is compared
	Rows  []Row
	AA    string   // the ratio of two identical engines, or why there is none
	Notes []string // worth knowing before believing the figures
}

// A Row is one engine. All figures are printed, with units in the columns'
// heads.
type Row struct {
	Engine  string
	Case    string // the ID of its records in a page
	Rate    string // operations per second, median
	RateCI  string // its interval
	Ratio   string // to raw, with its interval
	Verdict string // what may be said of the ratio
	P99     string
	CPU     string // µs per operation of any class; see OtherMix
	// OtherMix says that its operations were not in the proportions of the first
	// engine's, raw's as a rule, so that CPU does not compare with that.
	OtherMix bool
	Stale    string // per exposure
	Lost     string // per exposure
	Status   string
	Broken   bool // it claims coherence, and was seen to break it
	Failed   bool // some repetition did not end well

	Counts result.Record // totals over the repetitions
}

// Sections builds what is to be said of each group of a run.
func Sections(run *result.Run) []Section {
	groups, rankings := compare.Groups(run), compare.Rankings(run)
	coherent := make(map[string]bool)
	for _, e := range run.Env.Engines {
		coherent[e.Name] = e.Coherent
	}
	var sections []Section
	ids := caseIDs(run.Records)
	for _, g := range groups {
		s := Section{ID: fmt.Sprintf("group-%d", len(sections)), Label: g.Label(groups), Class: g.Class}
		rate := compare.Rate(g.Class)
		aa := compare.AA(run.Records, g.Cases[0], rate)
		s.AA = aaLine(aa)
		for _, c := range g.Cases {
			s.add(run.Records, c, g.Cases[0], aa, coherent[c.Engine])
			s.Rows[len(s.Rows)-1].Case = ids[c]
		}
		s.few(repetitions(run.Records, g))
		s.doubt(g, rankings)
		s.sayBuffered()
		if g.IO != "direct" {
			s.Notes = append(s.Notes, fmt.Sprintf("IO here is %s: O_DIRECT was not shown to bypass the cache, so this says nothing about direct IO", g.IO))
		}
		sections = append(sections, s)
	}
	return sections
}

func aaLine(aa compare.Ratio) string {
	if aa.Refused != "" {
		return "A/A: none (" + aa.Refused + "); whether a ratio is a difference is judged by its own interval"
	}
	return fmt.Sprintf("A/A: two identical engines differ by %s over %d repetitions; a ratio no further from 1 is not called a difference",
		ratio(aa), aa.N)
}

// repetitions is the most that any case of g has.
func repetitions(records []result.Record, g compare.Group) int {
	n := 0
	for _, c := range g.Cases {
		n = max(n, len(compare.Of(records, c)))
	}
	return n
}

// OtherMix reports whether a row's figures per operation do not compare.
func (s Section) OtherMix() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.OtherMix })
}

// few says once, below MinReps, what would be said of each figure.
func (s *Section) few(reps int) {
	if reps >= compare.MinReps {
		return
	}
	s.AA = fmt.Sprintf("Only %d %s: at least %d are needed for intervals, ratios and A/A", reps, plural(reps, "repetition"), compare.MinReps)
	s.Notes = slices.DeleteFunc(s.Notes, func(n string) bool {
		return strings.HasPrefix(n, "no interval: ") || strings.HasPrefix(n, "no ratios: ")
	})
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// add appends the row of one case; first is that of the first row.
func (s *Section) add(records []result.Record, c, first result.Case, aa compare.Ratio, claimsCoherence bool) {
	metric := compare.Rate(s.Class)
	rate := compare.Summary(records, c, metric)
	stale, lost := compare.Stale(records, c), compare.Lost(records, c)
	row := Row{
		Engine: c.Engine, Rate: estimate(rate, quantity.SI), RateCI: interval(rate, quantity.SI),
		P99:   estimate(compare.Summary(records, c, compare.P99(s.Class)), quantity.Duration),
		CPU:   estimate(compare.Summary(records, c, compare.CPU()), func(ns float64) string { return quantity.Digits(ns / 1000) }),
		Stale: chance(stale), Lost: chance(lost), Counts: total(compare.Of(records, c)),
	}
	row.Ratio, row.Verdict = s.against(records, c, aa)
	row.OtherMix = row.CPU != "-" && compare.OtherMix(compare.Of(records, first), compare.Of(records, c)) != ""
	row.Broken = claimsCoherence && row.Counts.Oracle.Broken()
	row.Status, row.Failed = status(compare.Of(records, c), row.Broken)
	s.Rows = append(s.Rows, row)
	for _, w := range slices.Concat(rate.Warnings, stale.Warnings) {
		if w != "nothing was measured" && !slices.Contains(s.Notes, w) {
			s.Notes = append(s.Notes, w)
		}
	}
}

// against is the ratio to raw and what may be said of it.
func (s *Section) against(records []result.Record, c result.Case, aa compare.Ratio) (string, string) {
	b, ok := compare.Base(records, c, base)
	if !ok {
		return "-", ""
	}
	if b == c {
		return "1", ""
	}
	r := compare.Against(records, c, b, compare.Rate(s.Class))
	if r.Refused != "" {
		if len(compare.Series(records, c, compare.Rate(s.Class))) > 0 && !slices.Contains(s.Notes, "no ratios: "+r.Refused) {
			s.Notes = append(s.Notes, "no ratios: "+r.Refused)
		}
		return "-", ""
	}
	return ratio(r), verdict(r, aa)
}

func verdict(r, aa compare.Ratio) string {
	v := r.Verdict(aa)
	switch {
	case v == compare.Different && r.Center < 1:
		return "slower"
	case v == compare.Different:
		return "faster"
	case v == compare.Refused:
		return ""
	}
	if v == compare.WithinNoise {
		return "A/A noise"
	}
	return "no difference"
}

// status sums up how the repetitions ended.
func status(records []result.Record, broken bool) (text string, failed bool) {
	counts := make(map[string]int)
	for _, r := range records {
		counts[r.Status]++
	}
	var parts []string
	if broken {
		parts = append(parts, "BROKEN CLAIM")
	}
	for _, s := range []string{result.StatusDeadlock, result.StatusStarved, result.StatusError, result.StatusUnsupported} {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d/%d", s, n, len(records)))
			failed = failed || s != result.StatusUnsupported
		}
	}
	if len(parts) == 0 {
		return result.StatusOK, false
	}
	return strings.Join(parts, ", "), failed
}

// total adds up the counts of records. Detail is the first that there is.
func total(records []result.Record) result.Record {
	sum := result.Record{Ops: make(map[string]int64)}
	for i := range records {
		r := &records[i]
		sum.Exposures += r.Exposures
		sum.Rounds += r.Rounds
		sum.LossRounds += r.LossRounds
		sum.StaleRounds += r.StaleRounds
		sum.EIORounds += r.EIORounds
		sum.QuietEIO += r.QuietEIO
		for class, n := range r.Ops {
			sum.Ops[class] += n
		}
		if sum.Uncounted == "" {
			sum.Uncounted = r.Uncounted
		}
		sum.Oracle = addOracle(sum.Oracle, r.Oracle)
		sum.Lock = addLock(sum.Lock, r.Lock)
		if sum.Detail == "" {
			sum.Detail = r.Detail
		}
	}
	return sum
}

func addOracle(a, b result.Oracle) result.Oracle {
	return result.Oracle{
		Checked: a.Checked + b.Checked, Stale: a.Stale + b.Stale, StaleEvents: a.StaleEvents + b.StaleEvents,
		Inverted: a.Inverted + b.Inverted, Flipped: a.Flipped + b.Flipped, Torn: a.Torn + b.Torn, Nowhere: a.Nowhere + b.Nowhere,
		Lost: a.Lost + b.Lost, SilentLost: a.SilentLost + b.SilentLost, Incoherent: a.Incoherent + b.Incoherent,
		InFlight:         a.InFlight + b.InFlight,
		MaxStaleVersions: max(a.MaxStaleVersions, b.MaxStaleVersions), MaxStaleNs: max(a.MaxStaleNs, b.MaxStaleNs),
	}
}

func addLock(a, b result.Lock) result.Lock {
	return result.Lock{
		Adds: a.Adds + b.Adds, Blocks: a.Blocks + b.Blocks, AddWaits: a.AddWaits + b.AddWaits, BlockWaits: a.BlockWaits + b.BlockWaits,
		AddWaitNs: a.AddWaitNs + b.AddWaitNs, BlockWaitNs: a.BlockWaitNs + b.BlockWaitNs,
		MaxAddWaitNs: max(a.MaxAddWaitNs, b.MaxAddWaitNs), MaxBlockWaitNs: max(a.MaxBlockWaitNs, b.MaxBlockWaitNs),
		HerdMax: max(a.HerdMax, b.HerdMax), Woken: a.Woken + b.Woken, Drops: a.Drops + b.Drops, Retries: a.Retries + b.Retries,
		EFAULT: a.EFAULT + b.EFAULT, EBUSY: a.EBUSY + b.EBUSY, Fallbacks: a.Fallbacks + b.Fallbacks, PostFails: a.PostFails + b.PostFails,
		Faults: a.Faults + b.Faults, Fills: a.Fills + b.Fills, Mkwrites: a.Mkwrites + b.Mkwrites,
		Writebacks: a.Writebacks + b.Writebacks, Invalidated: a.Invalidated + b.Invalidated,
	}
}
