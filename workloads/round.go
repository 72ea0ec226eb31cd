package workloads

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"cohbench/core"
	"cohbench/core/perf"
	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// round runs one round, measured from the release of the tasks to the moment
// that the clock says stop, and then checks everything at rest.
func (x *execution) round(ctx context.Context, length time.Duration) error {
	if err := x.do(ctx, x.populate); err != nil {
		return err
	}
	x.shared.stop.Store(false)
	x.shared.syncFailed.Store(false)
	if err := x.fell.open(); err != nil {
		return err
	}
	before, begin := x.readUsage(), time.Now()
	x.shared.began = now()
	for _, c := range x.tasks {
		c.seen, c.idle = c.writes.Load(), 0
		c.gate <- struct{}{}
	}
	err := x.hold(ctx, length)
	x.shared.ended = now()
	x.shared.stop.Store(true)
	x.out.Elapsed += time.Since(begin)
	x.used.add(x.readUsage(), before)
	if err != nil {
		return x.cancel(err, x.arrived, len(x.tasks))
	}
	if err := x.await(ctx, x.arrived, len(x.tasks)); err != nil {
		return err
	}
	if err := x.fell.close(); err != nil {
		return err
	}
	if err := x.do(ctx, x.rest); err != nil {
		return err
	}
	x.collectGarbage()
	return x.taskError()
}

// taskError is the first error of a task that no workload expects.
func (x *execution) taskError() error {
	for _, c := range x.tasks {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// forgetWarmup resets the figures. What the oracle found is kept apart: it is
// true whenever it happens, but belongs to no measured window.
func (x *execution) forgetWarmup() {
	for _, c := range x.tasks {
		for op := range c.stats {
			c.stats[op].reset()
		}
		c.Task.Stats = core.TaskStats{}
		c.Task.Waits = [sched.NumModes]sched.WaitStats{}
		c.Task.Wake = sched.WakeStats{}
		if c.blocked != nil {
			c.blocked.Reset()
		}
		c.longest = 0
	}
	x.used = usage{perf: perf.Reading{}}
	x.fell.n = 0
	x.out.Elapsed, x.out.Rounds = 0, 0
	x.out.LossRounds, x.out.StaleRounds, x.out.EIORounds, x.out.QuietEIO = 0, 0, 0, 0
	x.out.PerRound = nil
	x.out.Warmup = x.counts()
	for _, r := range x.readers() {
		r.Counts = oracle.Counts{}
	}
	x.atRest = restCounts{}
}

// The collector is off inside a window. It runs between rounds once this much
// garbage may have gathered, and in a window only when the cap is reached.
const (
	heapCap   = 4 << 30
	heapSlack = 64 << 20
)

// tuneRuntime sets up the Go runtime for a case and returns what undoes it.
func tuneRuntime(procs int) (restore func()) {
	runtime.GC() // of the case before
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, heapCap))
	old := runtime.GOMAXPROCS(procs)
	return func() {
		runtime.GOMAXPROCS(old)
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}

func (x *execution) collectGarbage() {
	if liveHeap() > x.heap+heapSlack {
		runtime.GC()
		x.heap = liveHeap()
	}
}

func liveHeap() uint64 { return readMetric("/memory/classes/heap/objects:bytes") }

func readMetric(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// usage is what the process used.
type usage struct {
	cpu, system  time.Duration
	switches     int64
	voluntary    int64
	minor, major int64
	gcs          int64
	perf         perf.Reading // empty unless the case has counters
}

// readUsage is the usage since the process began.
func (x *execution) readUsage() usage {
	u := processUsage()
	if x.c.Counters != nil {
		u.perf = x.c.Counters.Read()
	}
	u.gcs = int64(readMetric("/gc/cycles/total:gc-cycles"))
	return u
}

// add adds the usage between two readings.
func (u *usage) add(to, from usage) {
	u.cpu += to.cpu - from.cpu
	u.system += to.system - from.system
	u.switches += to.switches - from.switches
	u.voluntary += to.voluntary - from.voluntary
	u.minor += to.minor - from.minor
	u.major += to.major - from.major
	u.gcs += to.gcs - from.gcs
	if to.perf != nil {
		u.perf.Add(to.perf.Sub(from.perf))
	}
}
