package bench

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/workloads"
	"cohbench/workloads/oracle"
)

func latencies(ns ...int64) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, int64(60e9), 3)
	for _, v := range ns {
		if err := h.RecordValue(v); err != nil {
			panic(err)
		}
	}
	return h
}

// always is the summary of values that are all the same.
func always(ns int64) result.Latency {
	return result.Latency{P50: ns, P90: ns, P99: ns, P999: ns, P9999: ns, Max: ns}
}

// outcome is one with a different figure in every place.
func outcome() *workloads.Outcome {
	out := &workloads.Outcome{
		Status: workloads.StatusOK, Elapsed: 2 * time.Second, Rounds: 5, LossRounds: 3, StaleRounds: 4,
		Classes: map[string]*workloads.Class{
			"direct-write": {Ops: 300, Bytes: 300 * 4096, Hist: latencies(100, 200, 300), Dropped: 1, Jain: 0.5, Offered: 160,
				Open: &workloads.Open{Arrival: workloads.ArrivalPoisson, Due: 320, Unserved: 20, MaxBacklog: 12, Service: latencies(50), Generator: latencies(60)}},
			"load": {Ops: 100, Hist: latencies(10), Errors: map[string]int64{"SIGBUS": 7}, Jain: 1},
		},
		Oracle: oracle.Counts{Checked: 1000, Stale: 1, StaleEvents: 2, Inverted: 3, Flipped: 4, Torn: 5, Nowhere: 6,
			Lost: 7, SilentLost: 8, Incoherent: 9, InFlight: 10, MaxStaleVersions: 11, MaxStaleNs: 12,
			Versions: [17]int64{11: 4}, AgeNs: [41]int64{3: 5}, AgeUnknown: 6, Visibility: [41]oracle.Visibility{0: {Reads: 7, Stale: 1}, 40: {Reads: 8}}},
		Stats: core.TaskStats{Adds: 1, Blocks: 2, Drops: 3, Retries: 4, EFAULT: 5, EBUSY: 6, Fallbacks: 7, PostFails: 8,
			Exposures: 9, Faults: 10, Fills: 11, Mkwrites: 12, Writebacks: 13, Invalidated: 14},
		Wake: sched.WakeStats{Woken: 20, MaxHerd: 21},
		CPU:  4 * time.Millisecond, System: 3 * time.Millisecond, CtxSwitches: 800, Voluntary: 400, GCs: 2,
		MinorFaults: 40, MajorFaults: 4, BlockTime: latencies(0, 70),
	}
	out.Waits[sched.Add] = sched.WaitStats{N: 30, Ns: 31, MaxNs: 32, Bypasses: 33, MaxBypasses: 34}
	out.Waits[sched.Block] = sched.WaitStats{N: 40, Ns: 41, MaxNs: 42, Bypasses: 43, MaxBypasses: 44}
	return out
}

func testSlot(t *testing.T) slot {
	g := group{workload: workloads.DirectWrite, params: workloads.DirectWrite.Defaults}
	return slot{contender{engines(t, "addlock")[0], 1}, g, 4, 99}
}

func TestRecord(t *testing.T) {
	r := &Runner{Probe: disk.Probe{Direct: disk.Direct}}
	rec := r.record(testSlot(t), outcome())
	want := result.Record{
		Schema: result.Schema, Time: rec.Time, Engine: "addlock", Workload: "direct-write", Threads: 8, Rep: 4, Pair: 1,
		Seconds: 2, MMU: "soft", IO: "direct", Block: 4096, Size: workloads.DirectWrite.Defaults.Size, Seed: 99,
		CPUNsPerOp: 10_000, SystemNsPerOp: 7500, CtxSwitchesPerOp: 2, VoluntaryPerOp: 1, MinorFaultsPerOp: 0.1, MajorFaultsPerOp: 0.01, GC: 2,
		Exposures: 9, Rounds: 5, LossRounds: 3, StaleRounds: 4,
		Oracle: result.Oracle{Checked: 1000, Stale: 1, StaleEvents: 2, Inverted: 3, Flipped: 4, Torn: 5, Nowhere: 6,
			Lost: 7, SilentLost: 8, Incoherent: 9, InFlight: 10, MaxStaleVersions: 11, MaxStaleNs: 12},
		Lock: result.Lock{Adds: 1, Blocks: 2, AddWaits: 30, BlockWaits: 40, AddWaitNs: 31, BlockWaitNs: 41, MaxAddWaitNs: 32,
			MaxBlockWaitNs: 42, HerdMax: 21, Woken: 20, Drops: 3, Retries: 4, EFAULT: 5, EBUSY: 6, Fallbacks: 7, PostFails: 8,
			Faults: 10, Fills: 11, Mkwrites: 12, Writebacks: 13, Invalidated: 14,
			AddBypasses: 33, MaxAddBypasses: 34, BlockBypasses: 43, MaxBlockBypasses: 44},
		Staleness: &result.Staleness{
			Versions: []int64{11: 4, 16: 0}, Age: []result.AgeBin{{From: 4, To: 8, N: 5}}, AgeUnknown: 6,
			Visibility: []result.VisibilityBin{{From: 0, To: 1, Reads: 7, Stale: 1}, {From: 1 << 39, Reads: 8}},
		},
		BlockTime: &result.Latency{P50: 0, P90: 70, P99: 70, P999: 70, P9999: 70, Max: 70},
		Jain:      map[string]float64{"direct-write": 0.5, "load": 1},
		Offered:   map[string]float64{"direct-write": 160},
		OpenLoop: map[string]result.OpenLoop{"direct-write": {Arrival: "poisson", Offered: 160, Served: 150, Due: 320, Unserved: 20, MaxBacklog: 12,
			Service: always(50), Generator: always(60)}},
		Status: "ok",
	}
	if rec.Case() != want.Case() || rec.Oracle != want.Oracle || rec.Lock != want.Lock {
		t.Errorf("case   %+v\nwant   %+v\noracle %+v\nwant   %+v\nlock   %+v\nwant   %+v",
			rec.Case(), want.Case(), rec.Oracle, want.Oracle, rec.Lock, want.Lock)
	}
	classes := []any{rec.Ops["load"], rec.Rate["direct-write"], rec.Bytes["direct-write"], rec.Errors["load: SIGBUS"], rec.Latency["direct-write"]}
	wanted := []any{int64(100), 150.0, int64(300 * 4096), int64(7), result.Latency{P50: 200, P90: 300, P99: 300, P999: 300, P9999: 300, Max: 300, OutOfRange: 1}}
	for i := range classes {
		if classes[i] != wanted[i] {
			t.Errorf("by class, %d: %v, want %v", i, classes[i], wanted[i])
		}
	}
	rec.Ops, rec.Rate, rec.Bytes, rec.Errors, rec.Latency = nil, nil, nil, nil, nil
	rec.Oracle, rec.Lock, want.Oracle, want.Lock = result.Oracle{}, result.Lock{}, result.Oracle{}, result.Lock{}
	if got, want := recordText(rec), recordText(want); got != want {
		t.Errorf("record %s\nwant   %s", got, want)
	}
}

// What goes wrong in the warm-up is in no figure, but held against the engine.
func TestWarmupIsJudged(t *testing.T) {
	r, out := &Runner{}, outcome()
	out.Oracle, out.Warmup = oracle.Counts{}, oracle.Counts{InFlight: 1}
	if list := r.warmup(testSlot(t), out); len(list) != 0 {
		t.Errorf("a clean warm-up: %+v", list)
	}
	out.Warmup.Flipped = 2
	v := Judge(engines(t, "addlock"), r.warmup(testSlot(t), out))
	if !matches(v.Broken, []string{"addlock claims to be coherent: direct-write: 2 flipped"}) {
		t.Errorf("broken: %q", v.Broken)
	}
}

func TestDetail(t *testing.T) {
	out := &workloads.Outcome{
		Detail:     "write: no space left\n",
		Violations: []oracle.Violation{{Kind: oracle.Torn, File: "A", Off: 8, Cells: 1}},
	}
	lines := strings.Split(detail(out), "\n")
	if len(lines) != 2 || lines[0] != "write: no space left" || !strings.Contains(lines[1], "torn: A+0x8") {
		t.Errorf("detail %q", lines)
	}
}

// A deadlock is reported with what each task does, holds and wants, the next
// case runs, and the finding becomes a file of its own.
func TestDeadlockIsReported(t *testing.T) {
	p := shortPlan(t, "addlock", "addlock-nofdm")
	p.Workloads = []*workloads.Workload{workloads.SelfBuffer}
	p.Duration = 200 * time.Millisecond
	r := newRunner(t, p)
	dir, err := result.Create(filepath.Join(t.TempDir(), "run"), result.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	report, err := r.Run(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	dead := 0
	for _, rec := range report.Records {
		if rec.Status != result.StatusDeadlock {
			continue
		}
		dead++
		for _, part := range []string{"direct write", "holds", "wants"} {
			if !strings.Contains(rec.Detail, part) {
				t.Errorf("the report of %s does not say %q:\n%s", rec.Case(), part, rec.Detail)
			}
		}
	}
	if len(report.Records) != p.Cases() || dead != p.Reps || len(report.Verdict.Broken) != 0 {
		t.Errorf("%d of %d cases, %d deadlocks, broken: %q", len(report.Records), p.Cases(), dead, report.Verdict.Broken)
	}
	if kept := dataFiles(t, filepath.Join(dir.Path, "failures")); len(kept) != dead {
		t.Errorf("%d files of %d deadlocks: %q", len(kept), dead, kept)
	}
}

var errDisk = errors.New("disk is gone")

// brokenEngine opens nothing.
type brokenEngine struct{ core.Engine }

func (brokenEngine) Open(*sched.Group, core.Backing) (core.File, error) { return nil, errDisk }

// An engine which fails leaves a record that says so, and the others run.
func TestErrorIsRecorded(t *testing.T) {
	p := shortPlan(t, "raw", "addlock", "none")
	p.Engines[2] = brokenEngine{p.Engines[2]}
	report, err := newRunner(t, p).Run(t.Context(), nil, nil)
	if err != nil || len(report.Records) != p.Cases() {
		t.Fatalf("%d of %d cases: %v", len(report.Records), p.Cases(), err)
	}
	if !strings.Contains(strings.Join(report.Verdict.Warnings, "\n"), "none on direct-write: 2 of 2 cases failed: open ") || !strings.Contains(report.Verdict.Warnings[0], errDisk.Error()) {
		t.Errorf("warnings %q", report.Verdict.Warnings)
	}
}

func recordText(r result.Record) string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(text)
}
