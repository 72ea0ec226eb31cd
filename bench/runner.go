package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core/disk"
	"cohbench/core/perf"
	"cohbench/workloads"
)

// A Sink keeps what a run measures, as it is measured. *result.Dir is one.
type Sink interface {
	// Append keeps a record and the latency histograms of its classes.
	Append(r *result.Record, hists map[string]*hdrhistogram.Histogram) error
	// AddFailure keeps a finding under a name like it; it returns where.
	AddFailure(name string, data []byte) (string, error)
}

// A Runner carries out one plan. It is for one goroutine.
type Runner struct {
	Plan  Plan       // with nothing left open: Duration is what is measured per case
	Probe disk.Probe // of Plan.Dir

	groups     []group
	files      *files
	soloP99    time.Duration
	costs      map[string]cost // by workload
	counters   *perf.Counters  // nil unless the plan wants them
	measured   []result.Record // of the run that this one goes on with
	traced     []result.Trace  // likewise
	unmeasured []result.Record // rehearsals, warm-ups, a case cut short: held against engines all the same
}

// A Report is what a run found.
type Report struct {
	Records     []result.Record // in the order measured
	Interrupted bool            // the context ended before the plan did
	Wall        time.Duration
	Verdict     Verdict
}

// NewRunner checks the plan, makes its data files, and rehearses each workload
// to know what a case costs besides its measured time. Close removes the files;
// on an error none is left. An error of the environment is a *disk.SetupError or
// Is errors.ErrUnsupported.
func NewRunner(ctx context.Context, p Plan) (*Runner, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	p = p.withDefaults()
	r := &Runner{Plan: p, groups: p.groups(), files: newFiles(&p), costs: map[string]cost{}}
	if p.Perf {
		r.counters = perf.Open()
	}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close removes the data files.
func (r *Runner) Close() error {
	if r.counters != nil {
		r.counters.Close()
	}
	return r.files.remove()
}

// prepare makes all files first, so that a disk that is too small is found
// before anything is measured.
func (r *Runner) prepare(ctx context.Context) error {
	var err error
	if r.Probe, err = r.files.probe(); err != nil {
		return err
	}
	for _, g := range r.groups {
		if _, err := r.files.backing(g); err != nil {
			return err
		}
	}
	return r.rehearse(ctx)
}

// Resume has Run leave out the cases that are among these records of the same
// plan, and count the records as its own, and has TraceLocks leave out those of
// which there is a trace.
func (r *Runner) Resume(records []result.Record, traces []result.Trace) {
	r.measured, r.traced = records, traces
}

// done is the cases that need not be measured, by what tells them apart.
func (r *Runner) done() map[measuredCase]bool {
	done := map[measuredCase]bool{}
	for i := range r.measured {
		done[measuredCase{r.measured[i].Case(), r.measured[i].Rep}] = true
	}
	return done
}

// A measuredCase is a case in one repetition.
type measuredCase struct {
	result.Case
	rep int
}

// Run measures every case of the plan. When ctx ends, the case under way is
// cancelled and in no record, and what was measured before it is the report.
// With an error the report is what was measured until then. sink and progress
// may be nil.
func (r *Runner) Run(ctx context.Context, sink Sink, progress Progress) (*Report, error) {
	if progress == nil {
		progress = noProgress{}
	}
	start := time.Now()
	m := measurement{
		Runner: r, sink: sink, progress: progress, done: r.done(),
		report: &Report{Records: slices.Clone(r.measured)},
	}
	left := r.Plan.Cases() - len(m.done)
	progress.Start(left, time.Duration(float64(r.Estimate())*float64(left)/float64(r.Plan.Cases())))
	err := m.repetitions(ctx)
	if errors.Is(err, errInterrupted) {
		m.report.Interrupted, err = true, nil
	}
	m.report.Wall = time.Since(start)
	m.report.Verdict = r.verdict(m.report.Records)
	return m.report, err
}

// errInterrupted is that the context ended.
var errInterrupted = errors.New("interrupted")

// verdict is over all that ran, and says what so few repetitions cannot tell.
func (r *Runner) verdict(records []result.Record) Verdict {
	v := Judge(r.Plan.Engines, slices.Concat(records, r.unmeasured))
	if r.Plan.Reps < compare.MinReps {
		v.Warnings = append(v.Warnings, fmt.Sprintf("%d repetitions: no ratios are claimed below %d", r.Plan.Reps, compare.MinReps))
	}
	v.Warnings = append(v.Warnings, figureWarnings(records)...)
	if r.counters != nil && len(r.counters.Missing) > 0 {
		var missing []string
		for _, name := range slices.Sorted(maps.Keys(r.counters.Missing)) {
			missing = append(missing, name+": "+r.counters.Missing[name])
		}
		v.Warnings = append(v.Warnings, "not every counter of the processor is to be had: "+strings.Join(missing, "; "))
	}
	return v
}

// A measurement is a run under way.
type measurement struct {
	*Runner
	sink     Sink
	progress Progress
	done     map[measuredCase]bool
	report   *Report
}

func (m *measurement) repetitions(ctx context.Context) error {
	for rep := range m.Plan.Reps {
		for i := range m.groups {
			if err := m.group(ctx, rep, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// group runs all contenders on one group once.
func (m *measurement) group(ctx context.Context, rep, i int) error {
	contenders := m.Plan.contenders()
	for _, k := range Order(m.Plan.Seed, rep, len(contenders)) {
		s := slot{contenders[k], m.groups[i], rep, caseSeed(m.Plan.Seed, rep, i)}
		id := m.identity(s)
		if m.done[measuredCase{id.Case(), id.Rep}] {
			continue
		}
		m.progress.Step(s.text(m.Plan.Reps))
		out, err := m.runCase(ctx, s, m.Plan.Duration)
		if err != nil {
			return err
		}
		m.report.Records = append(m.report.Records, m.record(s, out))
		if err := keep(m.sink, &m.report.Records[len(m.report.Records)-1], out); err != nil {
			return err
		}
	}
	return nil
}

// A slot is one case of a plan: who, on what, in which repetition.
type slot struct {
	contender
	group
	rep  int
	seed uint64
}

func (s slot) text(reps int) string {
	engine, twin := s.engine.Name(), ""
	if m := s.engine.MMU(); m != "none" {
		engine += " on MMU " + m
	}
	if s.pair != 0 {
		twin = " (again, for the A/A ratio)"
	}
	return fmt.Sprintf("repetition %d of %d: %s, %d threads: %s%s",
		s.rep+1, reps, s.workload.Name, s.params.Threads, engine, twin)
}

// runCase runs one case. A case that the context cut short is an error; what
// it found wrong is held against the engine even so, as is what a warm-up
// found.
func (r *Runner) runCase(ctx context.Context, s slot, d time.Duration) (*workloads.Outcome, error) {
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	backing, err := r.files.backing(s.group)
	if err != nil {
		return nil, err
	}
	c := workloads.Case{
		Engine:   s.engine,
		Backing:  backing,
		Workload: s.workload,
		Params:   s.params,
		Duration: d,
		Seed:     s.seed,
		Oracle:   !r.Plan.NoOracle,
		Steady:   r.Plan.Steady,
		Counters: r.counters,
		SoloP99:  r.soloP99,
		Procs:    s.procs(),
	}
	out, err := c.Run(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s on %s: %w", s.engine.Name(), s.workload.Name, err)
	}
	r.unmeasured = append(r.unmeasured, r.warmup(s, out)...)
	if out.Status == workloads.StatusInterrupted {
		r.unmeasured = append(r.unmeasured, r.record(s, out))
		return nil, interrupted(ctx)
	}
	return out, r.files.renew(s.group)
}

func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", errInterrupted, context.Cause(ctx))
}
