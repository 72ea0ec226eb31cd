// Package resulttest makes up runs for the tests of what reads them: seven
// engines on four workloads, with the rates, tails and misdeeds one may
// expect of them. Nothing in it was measured.
package resulttest

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
)

// Start is when the made-up runs began.
var Start = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// behaviour is what a made-up engine does.
type behaviour struct {
	name      string
	speed     float64 // of direct writes, relative to raw
	perThread float64 // of speed, kept with each doubling of threads
	stale     float64 // chance per exposure where somebody stores
	lossEvery int     // rounds, where somebody stores; 0: never loses
	coherent  bool
	deadlocks bool // on self-buffer
}

var engines = []behaviour{
	{name: "raw", speed: 1, perThread: 1},
	{name: "addlock", speed: 0.96, perThread: 0.99, coherent: true},
	{name: "addlock-vfs-extent", speed: 0.97, perThread: 0.99, coherent: true},
	{name: "invalidate-lock", speed: 0.9, perThread: 0.68, coherent: true},
	{name: "double-invalidate", speed: 1.01, perThread: 1, stale: 4e-3, lossEvery: 5},
	{name: "none", speed: 1.06, perThread: 1, stale: 0.4, lossEvery: 1},
	{name: "addlock-nofdm", speed: 0.96, perThread: 0.99, deadlocks: true},
}

// Workloads of the made-up runs. Only in the last three is anybody exposed.
var Workloads = []string{"direct-write", "direct-write+store", "direct-write+load", "self-buffer"}

// Env is the environment of a made-up run.
func Env(reps int, threads []int) result.Env {
	env := result.Env{
		Schema: result.Schema, Created: Start, Command: []string{"cohbench", "run", "--dir", "/mnt/test"},
		Seed: 42, MMU: "soft", IO: "direct", Kernel: "6.18.0 #1 SMP PREEMPT_DYNAMIC", OS: "linux", Arch: "amd64",
		Go: "go1.26.8", Commit: "0123456789abcdef", GOMAXPROCS: 8, Dir: "/mnt/test", FileSystem: "ext4",
		MountPoint: "/mnt", MountOptions: "rw,relatime (superblock: rw)", Device: "/dev/vda (254:0, disk vda)",
		Scheduler: "[none] mq-deadline", WriteCache: "write back", Rotational: "0", CPU: "Made-up CPU", Cores: 8,
		CPUList: "0-7", NUMA: "node0: 0-7", Governor: "unknown: no cpufreq in /sys/devices/system/cpu, as in most virtual machines",
		Memory: "32768000 kB", Virtual: "yes, by the CPU's flags", Load: "0.10 0.05 0.01 1/100 1000",
		Tax:    Tax(),
		Probed: map[string]string{"queue/nr_requests": "256"},
		Plan: result.Plan{Records: reps * len(threads) * len(Workloads) * (len(engines) + 1), Reps: reps, Duration: 2,
			Threads: threads, Block: 4096, Size: 64 << 20, Workloads: Workloads},
	}
	for _, e := range engines {
		env.Engines = append(env.Engines, result.Engine{Name: e.name, Doc: "The made-up " + e.name + ".", MMU: mmuOf(e.name),
			Coherent: e.coherent, DeadlockFree: e.coherent})
	}
	return env
}

func mmuOf(engine string) string {
	if engine == "raw" {
		return "none"
	}
	return "soft"
}

// A Sample is one made-up record with its histograms.
type Sample struct {
	result.Record
	Hists map[string]*hdrhistogram.Histogram
}

// Samples makes up a run; the same seed gives the same one.
func Samples(seed uint64, reps int, threads []int) []Sample {
	rng := rand.New(rand.NewPCG(seed, 1))
	var samples []Sample
	for rep := range reps {
		for _, workload := range Workloads {
			for _, n := range threads {
				drift := math.Exp(0.08 * rng.NormFloat64()) // what a repetition shares
				for _, e := range engines {
					samples = append(samples, sample(rng, e, workload, n, rep, 0, drift))
				}
				samples = append(samples, sample(rng, engines[0], workload, n, rep, 1, drift))
			}
		}
	}
	return samples
}

// Records is Samples without the histograms.
func Records(seed uint64, reps int, threads []int) []result.Record {
	var records []result.Record
	for _, s := range Samples(seed, reps, threads) {
		records = append(records, s.Record)
	}
	return records
}

func sample(rng *rand.Rand, e behaviour, workload string, threads, rep, pair int, drift float64) Sample {
	s := Sample{Hists: make(map[string]*hdrhistogram.Histogram)}
	s.Record = result.Record{
		Schema: result.Schema, Time: Start.Add(time.Duration(rep) * time.Minute), Engine: e.name, Workload: workload,
		Threads: threads, Rep: rep, Pair: pair, Seconds: 2, MMU: mmuOf(e.name), IO: "direct", Block: 4096, Size: 64 << 20,
		Seed: uint64(rep), Ops: map[string]int64{}, Rate: map[string]float64{}, Bytes: map[string]int64{},
		Latency: map[string]result.Latency{}, Rounds: 40, Status: result.StatusOK,
	}
	if e.deadlocks && workload == "self-buffer" {
		s.Status, s.Detail = result.StatusDeadlock, "writer-0 blocks file 1, wants add on file 1"
		s.Seconds = 0.02
		return s
	}
	scale := 14000 * math.Pow(float64(threads), 0.55) * math.Pow(e.perThread, math.Log2(float64(threads)))
	s.class(rng, "direct-write", scale*e.speed*drift*math.Exp(0.015*rng.NormFloat64()), threads)
	if other := partner(workload); other != "" && e.name != "raw" {
		s.class(rng, other, 50000*drift, 1)
		s.misbehave(rng, e, other)
	}
	s.CPUNsPerOp = 9000 + 2500*(1-e.speed)*rng.Float64()
	s.SystemNsPerOp = 0.8 * s.CPUNsPerOp
	s.CtxSwitchesPerOp, s.VoluntaryPerOp, s.MinorFaultsPerOp = 1.9, 1.8, 0.01
	s.Perf = map[string]float64{"task-clock-ns": s.CPUNsPerOp}
	s.Jain = map[string]float64{"direct-write": 1 - 0.05*rng.Float64()}
	return s
}

// partner is the class that runs beside direct writes.
func partner(workload string) string {
	switch workload {
	case "direct-write+store":
		return "store"
	case "direct-write+load":
		return "load"
	}
	return ""
}

// class makes up one class: a log-normal latency around what the rate says.
func (s *Sample) class(rng *rand.Rand, class string, rate float64, threads int) {
	h := hdrhistogram.New(1000, 10e9, 2)
	median := 0.9 * 1e9 * float64(threads) / rate
	for range 500 {
		v := median * math.Exp(0.35*rng.NormFloat64())
		if rng.IntN(200) == 0 {
			v *= 12 // a device's tail
		}
		h.RecordValue(int64(v))
	}
	ops := int64(rate * s.Seconds)
	s.Ops[class], s.Bytes[class], s.Rate[class] = ops, ops*4096, rate
	s.Latency[class], s.Hists[class] = result.Summarize(h, 0), h
}

// misbehave makes up exposures, and what came of them.
func (s *Sample) misbehave(rng *rand.Rand, e behaviour, other string) {
	s.Exposures = int64(900 + rng.IntN(300))
	s.Oracle.Checked = s.Ops[other]
	if other == "load" || e.stale == 0 {
		return
	}
	for range s.Exposures {
		if rng.Float64() < e.stale {
			s.Oracle.StaleEvents++
		}
	}
	s.Oracle.Stale = s.Oracle.StaleEvents * 511
	s.StaleRounds = min(s.Rounds, s.Oracle.StaleEvents)
	s.LossRounds = s.Rounds / int64(e.lossEvery)
	s.Oracle.Lost = s.LossRounds * 511
	s.Oracle.MaxStaleNs = 3_000_000
	s.Staleness = staleness(s.Oracle.Checked, s.Oracle.StaleEvents)
}

// staleness makes up how the stale reads, of all reads, lie: each twice as far
// behind, and twice as old, has half as many.
func staleness(reads, stale int64) *result.Staleness {
	st := &result.Staleness{Versions: make([]int64, 17)}
	for k, left := 1, stale; left > 0 && k < len(st.Versions); k++ {
		n := (left + 1) / 2
		st.Versions[k] = n
		left -= n
	}
	for from := int64(1 << 12); from < 1<<24; from *= 2 {
		n := stale * (1 << 12) / from
		st.Age = append(st.Age, result.AgeBin{From: from, To: 2 * from, N: n})
		st.Visibility = append(st.Visibility, result.VisibilityBin{From: from, To: 2 * from, Reads: reads / 12, Stale: min(n, reads/12)})
	}
	return st
}

// Write leaves a made-up run below t's temporary directory, and returns its
// path.
func Write(t testing.TB, seed uint64, reps int, threads []int) string {
	t.Helper()
	return write(t, Env(reps, threads), Samples(seed, reps, threads))
}

func write(t testing.TB, env result.Env, samples []Sample) string {
	t.Helper()
	path := t.TempDir() + "/run"
	if err := keep(path, env, samples); err != nil {
		t.Fatal(err)
	}
	return path
}

// Make writes a made-up run to path, which must not exist.
func Make(path string, seed uint64, reps int, threads []int) error {
	return keep(path, Env(reps, threads), Samples(seed, reps, threads))
}

func keep(path string, env result.Env, samples []Sample) error {
	d, err := result.Create(path, env)
	if err != nil {
		return err
	}
	for _, s := range samples {
		if err := d.Append(&s.Record, s.Hists); err != nil {
			return errors.Join(err, d.Close())
		}
	}
	return d.Close()
}
