package workloads

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/workloads/oracle"
)

// An Access is a direct read or write of one block of the first file.
type Access struct {
	Write bool
	Off   int64
}

// Direct does direct IO until the round is over; next chooses the accesses.
// Params.IODepth of them are in flight at any time, if the role is Queued.
func (c *Context) Direct(next func() Access) {
	if c.pipeline != nil {
		c.pipeline.run(next)
		return
	}
	for c.ready() {
		if a := next(); a.Write {
			c.WriteDirect(0, a.Off)
		} else {
			c.ReadDirect(0, a.Off)
		}
	}
}

// ready waits until the next operation of an offered rate is due; without a
// rate that is now. It reports false when the round is over.
func (c *Context) ready() bool {
	if c.loop != nil {
		return c.loop.await(c)
	}
	return !c.Done()
}

// A pipeline keeps several direct requests of one task in flight. What can wait
// is done while the device works: the places of requests that have ended are
// filled first, and what was read is checked then, from memory that is not in
// use again yet. So there are twice as many requests as can be in flight.
type pipeline struct {
	c        *Context
	queue    core.Queue
	requests []request
	free     []*request
	writers  []*oracle.Writer // in use by no request; nil without an oracle
	done     []*core.Request
	read     []*request // have ended, and are to be checked
	inFlight int
	writing  int // writes in flight
}

// request is one of them. In flight it has a writer or a reader of its own,
// because each has one operation open at a time: to the oracle, requests of one
// task that overlap are as those of different tasks.
type request struct {
	core.Request
	target
	start int64 // clock when it was ready to be submitted
}

// open makes the pipeline of a task on file f.
func (p *pipeline) open(c *Context, f *file) error {
	async, ok := f.file.(core.AsyncFile)
	if !ok {
		panic("workloads: an engine whose files are not what it says")
	}
	var err error
	if p.queue, err = async.Queue(c.Task, c.depth); err != nil {
		return err
	}
	p.c, p.requests = c, make([]request, 2*c.depth)
	for i := range p.requests {
		r := &p.requests[i]
		r.Tag, r.Mem, r.target = i, newBuffer(c.P.Block), f.forWriter(c.writer+i%c.depth)
		if i < c.depth && r.w != nil {
			p.writers = append(p.writers, r.w)
		}
		r.w = nil
		p.free = append(p.free, r)
	}
	return nil
}

// run keeps the pipeline full until the round is over, and then empties it.
func (p *pipeline) run(next func() Access) {
	p.c.Task.Op("direct IO")
	for !p.c.Done() {
		p.fill(next)
		p.check()
		p.reap()
	}
	for p.inFlight > 0 {
		p.reap()
	}
	p.check()
	p.c.Task.Op("")
}

// submitEvery is how many requests are handed over at once: the device begins
// with the first while the others are stamped.
const submitEvery = 8

// fill begins as many requests as there is room for.
func (p *pipeline) fill(next func() Access) {
	for n := 1; p.inFlight < p.c.depth; n++ {
		p.begin(next())
		if n%submitEvery == 0 {
			p.queue.Submit()
		}
	}
	p.queue.Submit()
}

// begin stamps one request and adds it to the queue. Its clock starts before
// the system call that takes it to the kernel, together with others perhaps.
func (p *pipeline) begin(a Access) {
	r := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	r.Write, r.Off = a.Write, a.Off
	p.inFlight++
	if a.Write {
		p.beginWrite(r)
	} else {
		r.beginRead(a.Off, len(r.Mem))
	}
	r.start = now()
	p.queue.Push(&r.Request)
}

func (p *pipeline) beginWrite(r *request) {
	if last := len(p.writers) - 1; last >= 0 {
		r.w, p.writers = p.writers[last], p.writers[:last]
	}
	r.beginWrite(r.Off, len(r.Mem))
	r.fill(r.Mem, r.Off)
	p.c.hot.Store(r.Off)
	if p.writing == 0 {
		p.c.writes.Add(1)
	}
	p.writing++
}

// reap waits for requests to end, and counts them. Writes end for the oracle
// here; reads are left for check.
func (p *pipeline) reap() {
	p.done = p.queue.Reap(p.done[:0])
	at := now()
	for _, d := range p.done {
		r := &p.requests[d.Tag]
		p.inFlight--
		if r.Write {
			p.c.count(OpDirectWrite, at-r.start, r.N, r.Err)
			p.endWrite(r, at)
			p.free = append(p.free, r)
		} else {
			p.c.count(OpDirectRead, at-r.start, r.N, r.Err)
			p.read = append(p.read, r)
		}
	}
}

func (p *pipeline) endWrite(r *request, at int64) {
	r.endWrite(at, r.Err)
	if r.w != nil {
		p.writers, r.w = append(p.writers, r.w), nil
	}
	// The watcher takes a writer for starved if this stays odd and the same.
	p.writing--
	if p.writing > 0 {
		p.c.writes.Add(2)
	} else {
		p.c.writes.Add(1)
	}
}

// check judges what was read. A read is judged by what was known when it
// began; that it waits here changes nothing.
func (p *pipeline) check() {
	for _, r := range p.read {
		r.endRead(r.Mem[:r.N], r.start, r.Err)
		p.free = append(p.free, r)
	}
	p.read = p.read[:0]
}

// readers is the readers of all requests.
func (p *pipeline) readers() (rs []*oracle.Reader) {
	if p == nil {
		return nil
	}
	for i := range p.requests {
		if r := p.requests[i].r; r != nil {
			rs = append(rs, r)
		}
	}
	return rs
}

// checkDepth says why tasks cannot keep as many requests in flight as the
// parameters ask for.
func (x *execution) checkDepth() error {
	name, depth := x.c.Workload.Name, x.p.IODepth
	if depth > 1 {
		switch {
		case !x.c.Workload.Queued(x.p):
			return fmt.Errorf("%s: IO depth %d: no task of it can keep more than one direct request in flight", name, depth)
		case !core.Asynchronous(x.c.Engine):
			return fmt.Errorf("engine %s: IO depth %d: it does one direct request at a time per task", x.c.Engine.Name(), depth)
		case x.p.Rates != [numOps]float64{}:
			return fmt.Errorf("%s: IO depth %d at an offered rate: a task that waits for one of its requests cannot begin the next when that is due: use more threads", name, depth)
		case x.lock != nil:
			return fmt.Errorf("%s: IO depth %d: a lock over every operation lets one at a time through", name, depth)
		}
	}
	switch n := x.c.Workload.Writers(x.p); {
	case n <= maxWriters:
		return nil
	case depth > 1:
		return fmt.Errorf("%s: %d requests in flight for %d threads at IO depth %d: want at most %d", name, n, x.p.Threads, depth, maxWriters)
	default:
		return fmt.Errorf("%s: %d tasks for %d threads: want at most %d", name, n, x.p.Threads, maxWriters)
	}
}

// openPipelines makes the pipelines of all tasks that have one.
func (x *execution) openPipelines() error {
	for _, c := range x.tasks {
		if c.depth == 1 {
			continue
		}
		p := new(pipeline)
		if err := p.open(c, x.files[0]); err != nil {
			return fmt.Errorf("%s: %d requests in flight: %w", c.name, c.depth, err)
		}
		c.pipeline = p
	}
	return nil
}

func (x *execution) closePipelines() (err error) {
	for _, c := range x.tasks {
		if c.pipeline != nil {
			err = errors.Join(err, c.pipeline.queue.Close())
		}
	}
	return err
}
