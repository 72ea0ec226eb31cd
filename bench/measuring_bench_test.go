//go:build unix

package bench

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/workloads"
)

// BenchmarkMeasuring is what it costs to measure: the processor time of a
// direct read of 4 KiB in a bare loop, in a case that stamps and checks
// nothing (clocks, histograms, bookkeeping), and in one with the oracle, which
// is how figures come about. The three take turns in the same process, in an
// order that turns round; what counts are the medians of the ratios within a
// turn, and not ns/op.
//
//	go test -run '^$' -bench Measuring -benchtime 20x ./bench
func BenchmarkMeasuring(b *testing.B) {
	m := newMeasuring(b)
	defer m.file.Remove()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workloads.DefaultProcs(1))) // as a case has it
	steps := []func(b *testing.B) reading{m.bare, m.caseWithout, m.caseWith}
	var turns [3][]reading
	for turn := 0; b.Loop(); turn++ {
		for _, i := range Order(1, turn, len(steps)) {
			turns[i] = append(turns[i], steps[i](b))
		}
	}
	for i, name := range []string{"bare", "no-oracle", "oracle"} {
		var cpu, ratio, rate []float64
		for turn, r := range turns[i] {
			cpu = append(cpu, r.cpu)
			rate = append(rate, r.rate)
			ratio = append(ratio, r.cpu/turns[0][turn].cpu)
		}
		reportEstimate(b, name+"-cpu-ns", compare.Median(cpu))
		reportEstimate(b, name+"-reads/s", compare.Median(rate))
		if i > 0 {
			reportEstimate(b, name+"/bare", compare.Median(ratio))
		}
	}
}

// A reading is what one turn of one loop took.
type reading struct {
	cpu  float64 // ns of processor time per read
	rate float64 // reads per second
}

type measuring struct {
	file   *disk.File
	thread *sched.Thread
	buf    []byte
	params workloads.Params
}

// measuringTurn is how long each loop runs in a turn.
const measuringTurn = 200 * time.Millisecond

func newMeasuring(b *testing.B) *measuring {
	m := &measuring{thread: sched.NewGroup().Thread("bench"), params: workloads.DirectRead.Defaults}
	m.params.Threads = 1
	m.buf = disk.Block(m.params.Block)
	var err error
	if m.file, err = disk.Create(filepath.Join(directDir(b), "measuring.dat"), m.params.Size); err != nil {
		b.Skip(err)
	}
	for off := int64(0); off < m.params.Size; off += int64(m.params.Block) {
		if _, err := m.file.WriteAt(m.thread, m.buf, off); err != nil {
			b.Fatal(err)
		}
	}
	return m
}

// bare reads random blocks, and looks at the clock now and then.
func (m *measuring) bare(b *testing.B) reading {
	rng := rand.New(rand.NewPCG(1, 2))
	n, from, begin := 0, cpuTime(b), time.Now()
	for ; n%256 != 0 || time.Since(begin) < measuringTurn; n++ {
		off := rng.Int64N(m.params.Blocks()) * int64(m.params.Block)
		if err := m.file.ReadAt(m.thread, m.buf, off); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(begin)
	return reading{float64(cpuTime(b)-from) / float64(n), float64(n) / took.Seconds()}
}

func (m *measuring) caseWithout(b *testing.B) reading { return m.run(b, false) }
func (m *measuring) caseWith(b *testing.B) reading    { return m.run(b, true) }

// run is the same reads as a case of raw.
func (m *measuring) run(b *testing.B, oracle bool) reading {
	c := workloads.Case{
		Engine: core.Raw{}, Backing: []core.Backing{{Path: m.file.Path(), Disk: m.file}},
		Workload: workloads.DirectRead, Params: m.params, Duration: measuringTurn, Seed: 1, Oracle: oracle,
	}
	out, err := c.Run(b.Context())
	if err != nil || out.Status != workloads.StatusOK || out.Oracle.Bad() != 0 {
		b.Fatalf("%v: %s %s", err, out.Status, out.Detail)
	}
	n := float64(out.Classes["direct-read"].Ops)
	return reading{float64(out.CPU) / n, n / out.Elapsed.Seconds()}
}

// cpuTime is the processor time of the process so far.
func cpuTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
