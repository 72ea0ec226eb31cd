package resulttest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
)

// FaultRates is the offered rates of a made-up sweep, per second.
var FaultRates = []int{1000, 2000, 5000, 10_000, 20_000, 50_000}

// collapse is the fault rate at which a made-up engine's direct writer comes
// through half as often as alone.
var collapse = map[string]float64{
	"addlock": 9000, "addlock-vfs-extent": 15_000, "invalidate-lock": 60_000, "double-invalidate": 1e6,
}

// FaultSweep makes up a run of workload fault-storm with faults offered at each
// of FaultRates: one direct writer, whose time to block the cache grows with
// the rate, in some engines without end.
func FaultSweep(seed uint64, reps int) []Sample {
	rng := rand.New(rand.NewPCG(seed, 2))
	var samples []Sample
	for rep := range reps {
		for _, rate := range FaultRates {
			for _, e := range engines {
				samples = append(samples, storm(rng, e, rep, float64(rate)))
			}
		}
	}
	return samples
}

func storm(rng *rand.Rand, e behaviour, rep int, rate float64) Sample {
	s := Sample{Hists: make(map[string]*hdrhistogram.Histogram)}
	s.Record = result.Record{
		Schema: result.Schema, Time: Start, Engine: e.name, Workload: "fault-storm", Threads: 1, Rep: rep, Seconds: 2,
		MMU: mmuOf(e.name), IO: "direct", Block: 4096, Size: 1 << 20, Set: fmt.Sprintf("rate/fault=%g", rate),
		Seed: uint64(rep), Ops: map[string]int64{}, Rate: map[string]float64{}, Bytes: map[string]int64{},
		Latency: map[string]result.Latency{}, Rounds: 1, Status: result.StatusOK,
	}
	half, open := collapse[e.name]
	share := 1.0
	if open {
		share = 1 / (1 + math.Pow(rate/half, 2))
	}
	s.class(rng, "direct-write", 14_000*share*math.Exp(0.02*rng.NormFloat64()), 1)
	s.Jain = map[string]float64{"direct-write": 1}
	if e.name == "raw" {
		return s
	}
	s.faults(rng, rate)
	if open {
		s.blockTime(rng, share)
	}
	return s
}

// faults makes up the class at an offered rate, up to what can be served.
func (s *Sample) faults(rng *rand.Rand, rate float64) {
	const most = 40_000
	served := min(rate, most)
	s.class(rng, "fault", served, 8)
	o := result.OpenLoop{
		Arrival: "constant", Offered: rate, Served: served, Due: int64(rate * s.Seconds),
		Service: s.Latency["fault"], Generator: result.Latency{P50: 60_000, P90: 80_000, P99: 200_000, P999: 900_000, P9999: 1_000_000, Max: 1_100_000},
	}
	o.Unserved = o.Due - s.Ops["fault"]
	o.MaxBacklog = o.Unserved / 8
	s.Offered = map[string]float64{"fault": rate}
	s.OpenLoop = map[string]result.OpenLoop{"fault": o}
	s.Jain["fault"] = 0.99
}

// blockTime makes up waits for the lock: none for most where the writer has it
// nearly for itself.
func (s *Sample) blockTime(rng *rand.Rand, share float64) {
	h := hdrhistogram.New(1, 60e9, 3)
	for range 500 {
		v := 0.0
		if rng.Float64() > share {
			v = 2e5 / share * rng.ExpFloat64()
		}
		h.RecordValue(int64(v))
	}
	l := result.Summarize(h, 0)
	s.BlockTime, s.Hists[result.HistBlock] = &l, h
	s.Lock.Blocks, s.Lock.MaxBlockWaitNs = 500, l.Max
	s.Lock.BlockBypasses = int64(500 / share)
	s.Lock.MaxBlockBypasses = int64(20 / share)
}

// WriteFaultSweep leaves a made-up sweep below t's temporary directory, and
// returns its path.
func WriteFaultSweep(t testing.TB, seed uint64, reps int) string {
	t.Helper()
	env := Env(reps, []int{1})
	env.Plan = result.Plan{
		Records: reps * len(FaultRates) * len(engines), Reps: reps, Duration: 2, Threads: []int{1}, Block: 4096, Size: 1 << 20,
		Workloads: []string{"fault-storm"},
	}
	return write(t, env, FaultSweep(seed, reps))
}
