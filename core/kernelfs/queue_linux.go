package kernelfs

import (
	"golang.org/x/sys/unix"

	"cohbench/core"
)

// queue is the direct requests that one task has in flight.
type queue struct {
	f    *file
	task *core.Task
	transport
	slots []slot
	free  []int // indices of slots
	done  []completion
}

// slot is the place of one request; its index is the request's tag.
type slot struct {
	r     *core.Request
	moved int // bytes
}

// Queue implements core.AsyncFile.
func (f *file) Queue(t *core.Task, depth int) (core.Queue, error) {
	if f.async == nil {
		return nil, &core.UnsupportedError{Feature: "more than one direct request in flight", Why: "pread(2) and pwrite(2) return when the request has ended"}
	}
	tr, err := f.async.open(depth)
	if err != nil {
		return nil, err
	}
	f.exposed.Queue(t, depth)
	q := &queue{f: f, task: t, transport: tr, slots: make([]slot, depth)}
	for i := range q.slots {
		q.free = append(q.free, i)
	}
	return q, nil
}

// Push implements core.Queue.
func (q *queue) Push(r *core.Request) {
	last := len(q.free) - 1
	i := q.free[last]
	q.free = q.free[:last]
	q.slots[i] = slot{r: r}
	if r.Write {
		q.f.exposed.BeginQueued(q.task, i, r.Off, int64(len(r.Mem)))
	}
	q.f.ask(q.task.Thread, r.Write)
	q.prepare(i, r.Write, q.f.direct, r.Mem, r.Off)
}

// Submit implements core.Queue.
func (q *queue) Submit() { q.begin() }

// Reap implements core.Queue.
func (q *queue) Reap(done []*core.Request) []*core.Request {
	before := len(done)
	for len(done) == before && len(q.free) < len(q.slots) {
		q.done = q.exchange(q.done[:0])
		for _, c := range q.done {
			if r := q.settle(c); r != nil {
				done = append(done, r)
			}
		}
	}
	return done
}

// settle notes what became of a request. One that moved a part of its bytes
// and has not met the end goes on with the rest; else it is returned.
func (q *queue) settle(c completion) *core.Request {
	s := &q.slots[c.tag]
	r := s.r
	n, err := c.result()
	s.moved += n
	if err == nil && n == 0 && r.Write {
		err = errWroteNothing
	}
	ended := s.moved == len(r.Mem) || !r.Write && (n == 0 || s.moved%q.f.align.Offset != 0)
	if err == unix.EINTR || err == nil && !ended {
		q.f.ask(q.task.Thread, r.Write)
		q.prepare(c.tag, r.Write, q.f.direct, r.Mem[s.moved:], r.Off+int64(s.moved))
		return nil
	}
	r.N, r.Err = s.moved, nil
	if err != nil {
		r.Err = q.f.directFailed(q.task, opName(r.Write), r.Off, len(r.Mem), err)
	}
	if r.Write {
		q.f.exposed.EndQueued(q.task, c.tag)
	}
	*s = slot{}
	q.free = append(q.free, c.tag)
	return r
}

func opName(write bool) string {
	if write {
		return "direct write"
	}
	return "direct read"
}

// Close implements core.Queue.
func (q *queue) Close() error {
	err := q.close()
	for i := range q.slots {
		if r := q.slots[i].r; r != nil && r.Write {
			q.f.exposed.EndQueued(q.task, i)
		}
	}
	return err
}
