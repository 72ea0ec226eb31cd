package bench

import (
	"fmt"
	"os"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core/disk"
	"cohbench/workloads"
)

// figuresVar is the environment variable that turns BenchmarkFigures on: so
// many repetitions of so long, as "10x2s".
const figuresVar = "COHBENCH_FIGURES"

// BenchmarkFigures measures what this project states about its locks, each as
// a median of ratios within a repetition, with its interval:
//
//	COHBENCH_FIGURES=10x2s go test -run '^$' -bench Figures -timeout 30m ./bench
//
// The data files go to COHBENCH_DIR, else to the directory for temporary
// files. Ten repetitions of 2 s take seven minutes.
func BenchmarkFigures(b *testing.B) {
	var reps int
	var length string
	if n, _ := fmt.Sscanf(os.Getenv(figuresVar), "%dx%s", &reps, &length); n != 2 {
		b.Skipf("takes minutes: set %s=10x2s", figuresVar)
	}
	d, err := time.ParseDuration(length)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("workload=direct-write/threads=8", func(b *testing.B) { directWriteFigures(b, reps, d) })
	for _, rate := range []float64{1e3, 1e4} {
		b.Run(fmt.Sprintf("workload=fault-storm/faults=%g", rate), func(b *testing.B) { faultFigures(b, reps, d, rate) })
	}
}

// directWriteFigures compares the locks at eight writers on disjoint blocks,
// and raw with itself at one: a device which serves one write at a time cannot
// tell a lock that lets them through together from one that does not.
func directWriteFigures(b *testing.B, reps int, d time.Duration) {
	run := measureFigures(b, Plan{
		Engines:   engines(b, "raw", "addlock", "invalidate-lock"),
		Workloads: []*workloads.Workload{workloads.DirectWrite},
		Threads:   []int{8, 1},
		Reps:      reps, Duration: d,
	})
	rate := compare.Rate("direct-write")
	raw := caseOf(b, run, "raw", 8)
	noise := compare.AA(run, raw, rate)
	ratio := func(name string, x, y result.Case) compare.Ratio {
		r := compare.Paired(compare.Series(run, x, rate), compare.Series(run, y, rate))
		reportRatio(b, name, r, noise)
		return r
	}
	reportRatio(b, "raw/raw", noise, noise)
	ratio("addlock/raw", caseOf(b, run, "addlock", 8), raw)
	ratio("addlock/invalidate-lock", caseOf(b, run, "addlock", 8), caseOf(b, run, "invalidate-lock", 8))
	if r := ratio("raw(8)/raw(1)", raw, caseOf(b, run, "raw", 1)); r.Center < 2 {
		b.Log("this device cannot tell: eight writers are not twice as fast as one")
	}
}

// faultFigures gives the processor time per operation that the lock costs
// eight writers while others fault on the file: addlock's less raw's, in which
// nobody does. Per write, it includes the faults' own time.
func faultFigures(b *testing.B, reps int, d time.Duration, faults float64) {
	storm := *workloads.FaultStorm
	storm.Defaults.FaultRate, storm.Defaults.Threads = faults, 8
	run := measureFigures(b, Plan{
		Engines:   engines(b, "raw", "addlock"),
		Workloads: []*workloads.Workload{&storm},
		Reps:      reps, Duration: d,
	})
	threads := storm.Defaults.Threads
	lock, raw := caseOf(b, run, "addlock", threads), caseOf(b, run, "raw", threads)
	for name, m := range map[string]compare.Metric{"cpu-ns/op-over-raw": compare.CPU(), "cpu-ns/write-over-raw": cpuPerWrite} {
		mine, base := compare.Series(run, lock, m), compare.Series(run, raw, m)
		var differences []float64
		for rep, ns := range mine {
			differences = append(differences, ns-base[rep])
		}
		reportEstimate(b, name, compare.Median(differences))
	}
	reportEstimate(b, "faults/s", compare.Summary(run, lock, compare.Rate("fault")))
}

// cpuPerWrite is the processor time of the whole process per direct write, ns.
var cpuPerWrite = compare.Metric{Key: "cpu", Unit: "ns/write", Better: -1, Of: func(r *result.Record) (float64, bool) {
	var ops int64
	for _, n := range r.Ops {
		ops += n
	}
	writes := r.Ops["direct-write"]
	return r.CPUNsPerOp * float64(ops) / float64(max(writes, 1)), writes > 0
}}

// measureFigures runs a plan within one iteration of b.
func measureFigures(b *testing.B, p Plan) []result.Record {
	b.Helper()
	p.Dir = os.Getenv("COHBENCH_DIR")
	if p.Dir == "" {
		p.Dir = directDir(b)
	}
	var records []result.Record
	for b.Loop() {
		r := newRunner(b, p)
		if r.Probe.Direct != disk.Direct {
			b.Logf("these figures are not of direct IO: %s", r.Probe)
		}
		report, err := r.Run(b.Context(), nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, line := range report.Verdict.Broken {
			b.Error(line)
		}
		records = report.Records
	}
	return records
}

// caseOf finds the case of an engine with so many threads.
func caseOf(b *testing.B, records []result.Record, engine string, threads int) result.Case {
	b.Helper()
	for _, c := range compare.Cases(records) {
		if c.Engine == engine && c.Threads == threads && c.Pair == 0 {
			return c
		}
	}
	b.Fatalf("no record of %s with %d threads", engine, threads)
	return result.Case{}
}

func reportRatio(b *testing.B, name string, r, noise compare.Ratio) {
	b.Helper()
	if r.Refused != "" {
		b.Logf("%s: %s", name, r.Refused)
		return
	}
	reportEstimate(b, name, r.Estimate)
	b.Logf("%s: %s", name, r.Verdict(noise))
}

func reportEstimate(b *testing.B, name string, e compare.Estimate) {
	b.Helper()
	b.ReportMetric(e.Center, name)
	if !e.Interval() {
		b.Logf("%s: %.4g %q", name, e.Center, e.Warnings)
		return
	}
	b.Logf("%s: %.4g [%.4g, %.4g] at %.0f %%, %d repetitions", name, e.Center, e.Lo, e.Hi, 100*e.Confidence, e.N)
}
