package workloads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cohbench/core"
	"cohbench/core/perf"
	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// Defaults of a Case.
const (
	defaultDuration = time.Second
	maxWarmup       = 100 * time.Millisecond
	minStarveAfter  = time.Second
	defaultTimeout  = 30 * time.Second
)

// DefaultProcs is GOMAXPROCS for a case of n tasks: a processor for each task,
// for the runner, and one to spare.
//
// A goroutine in pwrite(2) keeps its P until sysmon takes it away, so fewer Ps
// than tasks throttle the queue depth and stall some tasks for tens of
// milliseconds. Measured with 8 writers of 4 KiB, O_DIRECT, ext4 on virtio, 2
// cores, three runs each:
//
//	GOMAXPROCS 2   goroutines 43-45 k/s, p99.9 29-33 ms; own threads 39-41 k/s, 33-35 ms
//	GOMAXPROCS 4   goroutines 73-78 k/s, p99.9 1.9-2.9 ms
//	GOMAXPROCS 10  goroutines 69-81 k/s, p99.9 0.4-1.5 ms; own threads 77-78 k/s, 0.4-1.3 ms
//	GOMAXPROCS 16  goroutines 78-85 k/s, p99.9 0.3-1.0 ms; own threads 77-83 k/s, 0.4 ms
//
// So plain goroutines with enough Ps give raw its best, and threads of their
// own add nothing.
func DefaultProcs(n int) int { return n + 2 }

// An execution is a case under way. The goroutine in run owns it and watches;
// everything that may block on the engine runs elsewhere: tasks in round, the
// harness in do.
type execution struct {
	c *Case
	p Params
	g *sched.Group

	harness *core.Task // prepares and checks; used by one goroutine at a time
	files   []*file
	tasks   []*Context
	lock    *sync.RWMutex // held over every operation, if set
	clock   oracle.Clock  // of all files
	writers int           // ids of writers given out
	shared  shared
	arrived chan struct{} // one for each task at the end of a round
	started bool
	moved   atomic.Int64 // steps that the harness has made, for the timeout

	used    usage
	fell    fallbackCount
	atRest  restCounts
	heap    uint64 // live heap after the last collection
	out     *Outcome
	stalled error // tasks which did not come back even after a cancel
}

// maxWriters is how many writes at once the oracle can tell apart: at least one
// for each task. A group has room for as many tasks and one more, the harness
// (sched.MaxThreads).
const maxWriters = oracle.MaxWriters - harnessWriter

func newExecution(c *Case) (*execution, error) {
	x := &execution{c: c, p: c.Params, lock: c.Lock, g: sched.NewGroup(), used: usage{perf: perf.Reading{}}, out: &Outcome{Classes: map[string]*Class{}}}
	if x.p == (Params{}) {
		x.p = c.Workload.Defaults
	}
	if err := x.p.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Workload.Name, err)
	}
	if len(c.Backing) < c.Workload.Files {
		return nil, fmt.Errorf("%s: %d data files given, %d needed", c.Workload.Name, len(c.Backing), c.Workload.Files)
	}
	if c.Workload.Sources && x.p.Blocks() < 2*int64(x.p.Threads) {
		return nil, fmt.Errorf("%s: size %d: want two blocks of %d bytes for each of %d threads", c.Workload.Name, x.p.Size, x.p.Block, x.p.Threads)
	}
	if x.p.Blocks() < c.Workload.MinBlocks {
		return nil, fmt.Errorf("%s: size %d: want at least %d blocks of %d bytes", c.Workload.Name, x.p.Size, c.Workload.MinBlocks, x.p.Block)
	}
	if err := c.Workload.checkRates(x.p); err != nil {
		return nil, err
	}
	if x.lock == nil && c.Workload.OneLock {
		x.lock = new(sync.RWMutex)
	}
	if err := x.checkDepth(); err != nil {
		return nil, err
	}
	x.makeTasks()
	return x, nil
}

// cached says that the engine has a cache.
func (x *execution) cached() bool { return x.c.Engine.MMU() != "none" }

func (x *execution) duration() time.Duration { return cmp.Or(x.c.Duration, defaultDuration) }

func (x *execution) warmup() time.Duration {
	return cmp.Or(x.c.Warmup, min(x.duration()/10, maxWarmup))
}

func (x *execution) roundLength() time.Duration { return cmp.Or(x.p.Round, x.duration()) }

func (x *execution) starveAfter() time.Duration {
	return cmp.Or(x.c.StarveAfter, max(minStarveAfter, 100*x.c.SoloP99))
}

func (x *execution) timeout() time.Duration { return cmp.Or(x.c.Timeout, defaultTimeout) }

// makeTasks makes the tasks of all roles that the engine can run.
func (x *execution) makeTasks() {
	x.harness, x.writers = core.NewTask(x.g.Thread("harness")), harnessWriter
	shared := map[Op]int{} // tasks so far, by class of a schedule
	for role, r := range x.c.Workload.Roles(x.p) {
		if !x.cached() && !r.DirectOnly {
			continue
		}
		for i := range r.Threads {
			c := x.makeTask(r, i)
			c.role = role
			if r.Paced && x.p.Rates[r.Class] > 0 {
				c.loop = newOpenLoop(&x.p, r.Class, shared[r.Class], x.c.Workload.sharers(x.p, r.Class), c.Rand.Uint64())
				shared[r.Class]++
			}
		}
	}
	x.arrived = make(chan struct{}, len(x.tasks))
}

func (x *execution) makeTask(r Role, i int) *Context {
	name := fmt.Sprintf("%s %d", r.Name, i)
	c := &Context{
		Task: core.NewTask(x.g.Thread(name)), name: name, body: r.Body,
		Rand: rand.New(rand.NewPCG(x.c.Seed, uint64(len(x.tasks)+1))),
		P:    x.p, Index: i, Of: r.Threads, Cache: x.cached(),
		buf: newBuffer(x.p.Block), lock: x.lock, shared: &x.shared,
		gate: make(chan struct{}, 1), depth: r.depth(x.p), writer: x.writers + 1,
	}
	x.writers += c.depth
	c.hot.Store(noBlock)
	c.Task.Blocked = func(ns int64) { recordIn(&c.blocked, ns) }
	x.tasks = append(x.tasks, c)
	if r.DirectOnly {
		x.shared.writers = append(x.shared.writers, c)
	}
	return c
}

// run runs the case to its end and says what happened.
func (x *execution) run(ctx context.Context) *Outcome {
	if len(x.tasks) == 0 {
		x.out.Status = StatusUnsupported
		x.out.Detail = fmt.Sprintf("%s has no cache, and no task of %s does direct IO only", x.c.Engine.Name(), x.c.Workload.Name)
		return x.out
	}
	defer tuneRuntime(cmp.Or(x.c.Procs, DefaultProcs(len(x.tasks))))()
	x.heap = liveHeap()
	err := x.phases(ctx)
	x.stopTasks()
	err = errors.Join(err, x.close())
	x.collect()
	x.conclude(err)
	return x.out
}

// phases is the case from opening its files to the last check.
func (x *execution) phases(ctx context.Context) error {
	count := func() error { return x.fell.begin(x.files) }
	for _, step := range []func() error{x.open, count, x.prepare} {
		if err := x.do(ctx, step); err != nil {
			return err
		}
	}
	x.startTasks()
	if err := x.round(ctx, x.warmup()); err != nil {
		return err
	}
	if err := x.settleDown(ctx); err != nil {
		return err
	}
	x.forgetWarmup()
	return x.rounds(ctx, x.duration())
}

// startTasks starts a goroutine for every task; it waits for its first round.
func (x *execution) startTasks() {
	x.started = true
	for _, c := range x.tasks {
		x.bind(c)
		go func() {
			if x.c.LockThreads || c.loop != nil {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
			}
			if c.loop != nil {
				defer exactSleep()()
			}
			for range c.gate {
				c.runRound()
				x.arrived <- struct{}{}
			}
			x.arrived <- struct{}{}
		}()
	}
}

// runRound is the task's part in one round.
func (c *Context) runRound() {
	c.pacer = pacer{}
	if c.loop == nil {
		c.body(c)
		return
	}
	c.loop.restart(c.shared.began)
	c.body(c)
	c.loop.finish(c, c.shared.ended)
}

// stopTasks ends the goroutines of the tasks.
func (x *execution) stopTasks() {
	if !x.started || x.stalled != nil {
		return // what is stuck cannot be ended; conclude says so
	}
	for _, c := range x.tasks {
		close(c.gate)
	}
	for range x.tasks {
		<-x.arrived
	}
}
