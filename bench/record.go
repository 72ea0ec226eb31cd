package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
	"cohbench/core/sched"
	"cohbench/workloads"
	"cohbench/workloads/oracle"
)

// identity is the part of a record that is known before anything is measured.
func (r *Runner) identity(s slot) result.Record {
	return result.Record{
		Schema:   result.Schema,
		Engine:   s.engine.Name(),
		Workload: s.workload.Name,
		Threads:  s.params.Threads,
		Rep:      s.rep,
		Pair:     s.pair,
		MMU:      s.engine.MMU(),
		IO:       string(r.Probe.Direct),
		Block:    s.params.Block,
		Size:     s.params.Size,
		IODepth:  depth(s.params),
		Set:      s.set,
		Seed:     s.seed,
	}
}

// record puts what a case measured into the form in which it is kept.
func (r *Runner) record(s slot, out *workloads.Outcome) result.Record {
	rec := r.identity(s)
	rec.Time, rec.Seconds = time.Now(), out.Elapsed.Seconds()
	rec.GC, rec.Exposures, rec.Rounds = int(out.GCs), out.Stats.Exposures, int64(out.Rounds)
	rec.LossRounds, rec.StaleRounds = int64(out.LossRounds), int64(out.StaleRounds)
	rec.PerRound = perRound(out.PerRound)
	rec.EIORounds, rec.QuietEIO = int64(out.EIORounds), int64(out.QuietEIO)
	rec.Oracle, rec.Staleness = oracleCounts(&out.Oracle), staleness(&out.Oracle)
	rec.Lock, rec.Uncounted = lockCounts(out), out.Uncounted
	rec.Steady = steady(out.Steady, r.Plan.Steady)
	rec.Status, rec.Detail = out.Status, detail(out)
	if out.BlockTime != nil {
		l := result.Summarize(out.BlockTime, 0)
		rec.BlockTime = &l
	}
	classes(&rec, out)
	costs(&rec, out)
	return rec
}

// maxPerRound is how many elements a record has for its rounds: enough for an
// interval, and few beside the rest of the record.
const maxPerRound = 256

// perRound sums up rounds in a row where there are too many; nil where nobody
// was exposed and nothing was seen.
func perRound(rounds []workloads.Round) *result.PerRound {
	if !slices.ContainsFunc(rounds, func(r workloads.Round) bool { return r != workloads.Round{} }) {
		return nil
	}
	p := &result.PerRound{Rounds: (len(rounds) + maxPerRound - 1) / maxPerRound}
	for some := range slices.Chunk(rounds, p.Rounds) {
		var exposures, stale, lost int64
		for _, r := range some {
			exposures, stale = exposures+r.Exposures, stale+r.StaleReads
			if r.Lost {
				lost++
			}
		}
		p.Exposures, p.StaleReads, p.LossRounds = append(p.Exposures, exposures), append(p.StaleReads, stale), append(p.LossRounds, lost)
	}
	return p
}

// depth is Params.IODepth as it is recorded: 0 for one at a time.
func depth(p workloads.Params) int {
	if p.IODepth <= 1 {
		return 0
	}
	return p.IODepth
}

// warmup is what was found wrong before the measured windows began, as a
// record of its own, or nothing.
func (r *Runner) warmup(s slot, out *workloads.Outcome) []result.Record {
	o := oracleCounts(&out.Warmup)
	if !o.Broken() {
		return nil
	}
	return []result.Record{{Engine: s.engine.Name(), Workload: s.workload.Name, MMU: s.engine.MMU(), Rep: s.rep, Status: out.Status, Oracle: o}}
}

// classes fills in the figures by class of operation.
func classes(rec *result.Record, out *workloads.Outcome) {
	rec.Ops, rec.Rate = map[string]int64{}, map[string]float64{}
	rec.Bytes, rec.Errors = map[string]int64{}, map[string]int64{}
	rec.Latency = map[string]result.Latency{}
	rec.Jain, rec.Offered = map[string]float64{}, map[string]float64{}
	rec.OpenLoop = map[string]result.OpenLoop{}
	for name, c := range out.Classes {
		rec.Ops[name] = c.Ops
		rec.Bytes[name] = c.Bytes
		if rec.Seconds > 0 {
			rec.Rate[name] = float64(c.Ops) / rec.Seconds
		}
		if c.Hist != nil {
			rec.Latency[name] = result.Summarize(c.Hist, c.Dropped)
		}
		for class, n := range c.Errors {
			rec.Errors[name+": "+class] = n
		}
		if c.Ops > 0 || c.Open != nil {
			rec.Jain[name] = c.Jain
		}
		if c.Offered > 0 {
			rec.Offered[name] = c.Offered
		}
		if c.Open != nil {
			rec.OpenLoop[name] = openLoop(c, rec.Rate[name])
		}
	}
}

func openLoop(c *workloads.Class, served float64) result.OpenLoop {
	return result.OpenLoop{
		Arrival:    c.Open.Arrival.String(),
		Offered:    c.Offered,
		Served:     served,
		Due:        c.Open.Due,
		Unserved:   c.Open.Unserved,
		MaxBacklog: c.Open.MaxBacklog,
		Service:    result.Summarize(c.Open.Service, 0),
		Generator:  result.Summarize(c.Open.Generator, 0),
	}
}

// costs is what one operation of any class costs the process.
func costs(rec *result.Record, out *workloads.Outcome) {
	var total float64
	for _, n := range rec.Ops {
		total += float64(n)
	}
	if total == 0 {
		return
	}
	rec.CPUNsPerOp = float64(out.CPU) / total
	rec.SystemNsPerOp = float64(out.System) / total
	rec.CtxSwitchesPerOp = float64(out.CtxSwitches) / total
	rec.VoluntaryPerOp = float64(out.Voluntary) / total
	rec.MinorFaultsPerOp = float64(out.MinorFaults) / total
	rec.MajorFaultsPerOp = float64(out.MajorFaults) / total
	if len(out.Perf) > 0 {
		rec.Perf = map[string]float64{}
	}
	for name, n := range out.Perf {
		rec.Perf[name] = n / total
	}
}

// steady is what came of waiting for a steady state, shares as percent; nil if
// nobody did.
func steady(s *workloads.Steady, rule *workloads.SteadyRule) *result.Steady {
	if s == nil {
		return nil
	}
	r := &result.Steady{
		Class: s.Class, Attained: s.Attained, Seconds: s.Waited.Seconds(), Window: rule.Window.Seconds(),
		Limit: 100 * rule.Limit, Slope: 100 * s.Slope, Deviation: 100 * s.Deviation,
	}
	if math.IsInf(s.Slope, 0) { // nothing was done at all; JSON has no infinity
		r.Slope, r.Deviation = math.MaxFloat64, math.MaxFloat64
	}
	return r
}

// staleness is the oracle's distributions; nil if it has none.
func staleness(o *oracle.Counts) *result.Staleness {
	s := &result.Staleness{AgeUnknown: o.AgeUnknown}
	if o.MaxStaleVersions > 0 {
		s.Versions = o.Versions[:]
	}
	for i, n := range o.AgeNs {
		if n > 0 {
			from, to := bin(i, len(o.AgeNs))
			s.Age = append(s.Age, result.AgeBin{From: from, To: to, N: n})
		}
	}
	for i, v := range o.Visibility {
		if v.Reads > 0 {
			from, to := bin(i, len(o.Visibility))
			s.Visibility = append(s.Visibility, result.VisibilityBin{From: from, To: to, Reads: v.Reads, Stale: v.Stale})
		}
	}
	if s.Versions == nil && s.Age == nil && s.Visibility == nil {
		return nil
	}
	return s
}

// bin is the range, in ns, of the i-th of n bins of the oracle: below 1<<i, and
// not below half of that. The last is open, and its end 0.
func bin(i, n int) (from, to int64) {
	from, to = 1<<i>>1, 1<<i
	if i == n-1 {
		to = 0
	}
	return from, to
}

func oracleCounts(o *oracle.Counts) result.Oracle {
	return result.Oracle{
		Checked:          o.Checked,
		Stale:            o.Stale,
		StaleEvents:      o.StaleEvents,
		Inverted:         o.Inverted,
		Flipped:          o.Flipped,
		Torn:             o.Torn,
		Nowhere:          o.Nowhere,
		Lost:             o.Lost,
		SilentLost:       o.SilentLost,
		Incoherent:       o.Incoherent,
		InFlight:         o.InFlight,
		MaxStaleVersions: o.MaxStaleVersions,
		MaxStaleNs:       o.MaxStaleNs,
	}
}

func lockCounts(out *workloads.Outcome) result.Lock {
	s, add, block := &out.Stats, out.Waits[sched.Add], out.Waits[sched.Block]
	return result.Lock{
		Adds:           s.Adds,
		Blocks:         s.Blocks,
		AddWaits:       add.N,
		BlockWaits:     block.N,
		AddWaitNs:      add.Ns,
		BlockWaitNs:    block.Ns,
		MaxAddWaitNs:   add.MaxNs,
		MaxBlockWaitNs: block.MaxNs,
		HerdMax:        out.Wake.MaxHerd,
		Woken:          out.Wake.Woken,
		Drops:          s.Drops,
		Retries:        s.Retries,
		EFAULT:         s.EFAULT,
		EBUSY:          s.EBUSY,
		Fallbacks:      s.Fallbacks,
		PostFails:      s.PostFails,
		Faults:         s.Faults,
		Fills:          s.Fills,
		Mkwrites:       s.Mkwrites,
		Writebacks:     s.Writebacks,
		Invalidated:    s.Invalidated,

		AddBypasses:      add.Bypasses,
		BlockBypasses:    block.Bypasses,
		MaxAddBypasses:   add.MaxBypasses,
		MaxBlockBypasses: block.MaxBypasses,
	}
}

// detail is the text of a record: what became of the case, and the first
// violations, a line each.
func detail(out *workloads.Outcome) string {
	var lines []string
	switch {
	case out.Deadlock != nil: // who does what, holds what and wants what
		lines = append(lines, strings.TrimRight(out.Deadlock.String(), "\n"))
	case out.Detail != "":
		lines = append(lines, strings.TrimRight(out.Detail, "\n"))
	}
	for _, v := range out.Violations {
		lines = append(lines, fmt.Sprint(v))
	}
	return strings.Join(lines, "\n")
}

// keep hands a record to the sink; where something went wrong its detail
// becomes a file of its own as well.
func keep(sink Sink, rec *result.Record, out *workloads.Outcome) error {
	if sink == nil {
		return nil
	}
	if err := sink.Append(rec, histograms(out)); err != nil {
		return err
	}
	if rec.Detail == "" {
		return nil
	}
	name := fmt.Sprintf("%s-%s-threads=%d-rep=%d.txt", rec.Engine, rec.Workload, rec.Threads, rec.Rep)
	_, err := sink.AddFailure(name, []byte(fmt.Sprintf("%s\nstatus %s\n%s\n", rec.Case(), rec.Status, rec.Detail)))
	return err
}

func histograms(out *workloads.Outcome) map[string]*hdrhistogram.Histogram {
	hists := map[string]*hdrhistogram.Histogram{}
	for name, c := range out.Classes {
		hists[name] = c.Hist
		if c.Open != nil {
			hists[name+result.HistService] = c.Open.Service
			hists[name+result.HistGenerator] = c.Open.Generator
		}
	}
	if out.BlockTime != nil {
		hists[result.HistBlock] = out.BlockTime
	}
	return hists
}
