package workloads

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
)

// queueEngine is memEngine with queues. Of what a task has in flight, any part
// ends at each Reap, in any order.
type queueEngine struct {
	memEngine
	deepest atomic.Int64 // most requests that any task had in flight
	early   bool         // broken: reads are answered with what was there when they were pushed
	broken  error        // of opening a queue
	closed  atomic.Int64
}

func (e *queueEngine) Async() bool { return true }

func (e *queueEngine) Open(g *sched.Group, b core.Backing) (core.File, error) {
	f, err := e.memEngine.Open(g, b)
	if err != nil {
		return nil, err
	}
	return &queueFile{f.(*memFile), e}, nil
}

type queueFile struct {
	*memFile
	e *queueEngine
}

func (f *queueFile) Queue(t *core.Task, depth int) (core.Queue, error) {
	return &memQueue{f: f, t: t, rand: rand.New(rand.NewPCG(1, uint64(t.ID)))}, f.e.broken
}

type memQueue struct {
	f        *queueFile
	t        *core.Task
	rand     *rand.Rand
	inFlight []*core.Request
}

func (q *memQueue) Push(r *core.Request) {
	q.inFlight = append(q.inFlight, r)
	if n := int64(len(q.inFlight)); n > q.f.e.deepest.Load() {
		q.f.e.deepest.Store(n)
	}
	if q.f.e.early && !r.Write {
		r.N, r.Err = q.f.ReadDirect(q.t, core.Buffer{Mem: r.Mem}, r.Off)
	}
}

func (q *memQueue) Submit() {}

func (q *memQueue) Reap(done []*core.Request) []*core.Request {
	if len(q.inFlight) == 0 {
		return done
	}
	q.rand.Shuffle(len(q.inFlight), func(i, j int) { q.inFlight[i], q.inFlight[j] = q.inFlight[j], q.inFlight[i] })
	for range 1 + q.rand.IntN(len(q.inFlight)) {
		last := len(q.inFlight) - 1
		r := q.inFlight[last]
		q.inFlight = q.inFlight[:last]
		switch {
		case r.Write:
			r.N, r.Err = q.f.WriteDirect(q.t, core.Buffer{Mem: r.Mem}, r.Off)
		case !q.f.e.early:
			r.N, r.Err = q.f.ReadDirect(q.t, core.Buffer{Mem: r.Mem}, r.Off)
		}
		done = append(done, r)
	}
	return done
}

func (q *memQueue) Close() error {
	q.f.e.closed.Add(1)
	return nil
}

// deepCase is quickCase with a number of requests in flight, on few blocks, so
// that those of one task overlap.
func deepCase(e core.Engine, w *Workload, depth int) *Case {
	c := quickCase(e, w)
	c.Params.IODepth, c.Params.Threads, c.Params.Size = depth, 2, 64<<10
	return c
}

// Every workload that can keeps as many in flight as it is told to, and what a
// correct engine does to requests that overlap is right.
func TestPipeline(t *testing.T) {
	for _, w := range All() {
		if !w.Queued(w.Defaults) {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			noLeaks(t)
			e := &queueEngine{memEngine: memEngine{name: "mem"}}
			o := mustRun(t, deepCase(e, w, 7))
			if o.Status != StatusOK {
				t.Fatalf("status %s: %s", o.Status, o.Detail)
			}
			if bad := o.Oracle.Bad() + o.Warmup.Bad(); bad != 0 {
				t.Fatalf("%d bad cells; first %v", bad, o.Violations)
			}
			if n := e.deepest.Load(); n != 7 {
				t.Errorf("%d requests in flight at most", n)
			}
			if e.closed.Load() != 2 {
				t.Errorf("%d queues closed, of 2", e.closed.Load())
			}
			checkFigures(t, o)
		})
	}
}

func TestPipelineCatchesABrokenEngine(t *testing.T) {
	for name, c := range map[string]*Case{
		"lost":  deepCase(&queueEngine{memEngine: memEngine{name: "dropping", dropNth: 2}}, DirectWrite, 8),
		"stale": deepCase(&queueEngine{memEngine: memEngine{name: "dropping", dropNth: 10}}, DirectOnly, 8),
	} {
		o := mustRun(t, c)
		if found := map[string]int64{"lost": o.Oracle.Lost, "stale": o.Oracle.Stale}[name]; found == 0 {
			t.Errorf("nothing %s: %+v", name, o.Oracle)
		}
	}
}

// A value that was current when a read began is legal, however late it comes.
func TestEarlyAnswersAreLegal(t *testing.T) {
	o := mustRun(t, deepCase(&queueEngine{memEngine: memEngine{name: "early"}, early: true}, DirectOnly, 8))
	if o.Oracle.Stale+o.Oracle.Torn+o.Oracle.Nowhere+o.Oracle.Lost != 0 {
		t.Errorf("%+v; first %v", o.Oracle, o.Violations)
	}
}

// The clock of a request runs from its own beginning.
func TestLatenciesOfAPipeline(t *testing.T) {
	c := deepCase(&queueEngine{memEngine: memEngine{name: "slow", slowNth: 1, slow: time.Millisecond}}, DirectWrite, 4)
	o := mustRun(t, c)
	if p1 := o.Classes["direct-write"].Hist.ValueAtPercentile(1); p1 < int64(time.Millisecond) {
		t.Errorf("the first percentile is %v for writes of 1 ms", time.Duration(p1))
	}
}

func TestStarvedPipelineIsNamed(t *testing.T) {
	c := deepCase(&queueEngine{memEngine: memEngine{name: "slow", slowNth: 200, slow: 600 * time.Millisecond}}, DirectWrite, 4)
	c.StarveAfter = 60 * time.Millisecond
	if o := mustRun(t, c); o.Status != StatusStarved || !strings.HasPrefix(o.Starved[0].Task, "direct writer") {
		t.Errorf("%s: %v", o.Status, o.Starved)
	}
}

func TestPipelineThatCannotBeOpened(t *testing.T) {
	e := &queueEngine{memEngine: memEngine{name: "refusing"}, broken: &core.UnsupportedError{Feature: "queues", Why: "planted"}}
	o := mustRun(t, deepCase(e, DirectWrite, 4))
	if o.Status != StatusUnsupported || !strings.Contains(o.Detail, "direct writer 0: 4 requests in flight: queues: not supported: planted") {
		t.Errorf("%s: %s", o.Status, o.Detail)
	}
}

func TestDepthsThatCannotBe(t *testing.T) {
	mem := &queueEngine{memEngine: memEngine{name: "mem"}}
	for want, c := range map[string]*Case{
		"engine array: IO depth 2":         deepCase(&memEngine{name: "array"}, DirectWrite, 2),
		"buffered-write: IO depth 2":       deepCase(mem, BufferedWrite, 2),
		"a lock over every operation":      {Engine: mem, Workload: DirectWrite, Lock: new(sync.RWMutex), Params: Params{IODepth: 2}},
		"IO depth -1":                      {Engine: mem, Workload: DirectWrite, Params: Params{IODepth: -1}},
		"1024 requests in flight":          {Engine: mem, Workload: DirectWrite, Params: Params{Threads: 32, IODepth: 32}},
		fmt.Sprintf("most %d", maxWriters): {Engine: mem, Workload: DirectWrite, Params: Params{Threads: 1, IODepth: maxWriters + 1}},
		"2000 tasks for 2000 threads":      {Engine: mem, Workload: DirectWrite, Params: Params{Threads: 2000}},
	} {
		c.Params.Threads = max(c.Params.Threads, 1)
		c.Params.Block, c.Params.Size = 4096, 64<<10
		c.Backing = memBacking(c.Workload.Files, c.Params.Size)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	full := deepCase(mem, DirectWrite, maxWriters)
	full.Params.Threads = 1
	if err := full.Check(); err != nil {
		t.Error(err)
	}
}

func TestPipelineDoesNotAllocate(t *testing.T) {
	p := onePage
	p.IODepth = 4
	w := &Workload{Name: "one", Files: 1, Roles: func(Params) []Role {
		return []Role{{Name: "task", Threads: 1, DirectOnly: true, Queued: true}}
	}}
	x, err := newExecution(&Case{Engine: &queueEngine{memEngine: memEngine{name: "mem"}}, Backing: memBacking(1, p.Size), Workload: w, Params: p, Oracle: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	c := x.tasks[0]
	step := func() {
		c.pipeline.fill(func() Access { return Access{Write: c.Rand.IntN(2) == 0, Off: c.Block()} })
		c.pipeline.check()
		c.pipeline.reap()
	}
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
