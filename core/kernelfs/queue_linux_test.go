package kernelfs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/disk"
)

// overQueues runs a test on every engine that can queue.
func overQueues(t *testing.T, test func(x *fixture, e Engine)) {
	for _, e := range []Engine{{Direct: AIO}, {Direct: URing}} {
		t.Run(e.Name(), func(t *testing.T) { test(setup(t, e), e) })
	}
}

func (x *fixture) queue(depth int) core.Queue {
	x.Helper()
	q, err := x.f.Queue(x.a, depth)
	x.must(err)
	return q
}

// drain reaps n requests.
func drain(q core.Queue, n int) (done []*core.Request) {
	for len(done) < n {
		done = q.Reap(done)
	}
	return done
}

// What goes out through a queue of some depth comes back through it.
func TestQueue(t *testing.T) {
	overQueues(t, func(x *fixture, _ Engine) {
		for _, depth := range []int{1, 2, 5, 16, 32} {
			q := x.queue(depth)
			out, in := pattern(testSize, byte(depth)), disk.Block(testSize)
			x.move(q, depth, true, out)
			x.move(q, depth, false, in)
			x.must(q.Close())
			if !bytes.Equal(out, in) {
				x.Errorf("depth %d: what was written is not what is read", depth)
			}
		}
	})
}

// move transfers p page by page with depth requests in flight.
func (x *fixture) move(q core.Queue, depth int, write bool, p []byte) {
	x.Helper()
	pages, next, seen := len(p)/core.PageSize, 0, map[int]bool{}
	for inFlight := 0; len(seen) < pages; {
		for ; inFlight < depth && next < pages; next++ {
			off := next * core.PageSize
			q.Push(&core.Request{Write: write, Mem: p[off:][:core.PageSize], Off: int64(off), Tag: next})
			inFlight++
		}
		for _, r := range q.Reap(nil) {
			if r.N != core.PageSize || r.Err != nil || seen[r.Tag] {
				x.Fatalf("page %d: %d bytes, %v, seen before: %v", r.Tag, r.N, r.Err, seen[r.Tag])
			}
			seen[r.Tag] = true
			inFlight--
		}
	}
}

func TestQueueOfNothing(t *testing.T) {
	overQueues(t, func(x *fixture, _ Engine) {
		q := x.queue(3)
		if done := q.Reap(nil); done != nil {
			x.Errorf("%d requests of none", len(done))
		}
		x.must(q.Close())
	})
}

// What is submitted goes on without a Reap.
func TestSubmit(t *testing.T) {
	overQueues(t, func(x *fixture, _ Engine) {
		q := x.queue(2)
		p, in := pattern(core.PageSize, 5), disk.Block(core.PageSize)
		q.Push(&core.Request{Write: true, Mem: p})
		q.Submit()
		for !bytes.Equal(p, in) {
			_, err := x.f.ReadDirect(x.b, core.Buffer{Mem: in}, 0)
			x.must(err)
		}
		if done := q.Reap(nil); len(done) != 1 || done[0].N != core.PageSize || done[0].Err != nil {
			x.Errorf("%v", done)
		}
		x.must(q.Close())
	})
}

func TestQueuedReadStopsAtTheEnd(t *testing.T) {
	overQueues(t, func(x *fixture, _ Engine) {
		x.must(x.f.Truncate(x.a, testSize-1000))
		q := x.queue(2)
		q.Push(&core.Request{Mem: disk.Block(8192), Off: testSize - 8192, Tag: 8192 - 1000})
		q.Push(&core.Request{Mem: disk.Block(8192), Off: testSize, Tag: 0})
		for _, r := range drain(q, 2) {
			if r.N != r.Tag || r.Err != nil {
				x.Errorf("%d bytes, %v, want %d", r.N, r.Err, r.Tag)
			}
		}
		x.must(q.Close())
	})
}

// A request that fails says how, and those beside it do not.
func TestQueuedErrors(t *testing.T) {
	overQueues(t, func(x *fixture, e Engine) {
		m := x.mapAll(x.f, testSize)
		x.must(x.f.Truncate(x.a, core.PageSize))
		q := x.queue(3)
		q.Push(&core.Request{Write: true, Mem: m.mem[2*core.PageSize:][:core.PageSize]})
		q.Push(&core.Request{Mem: disk.Block(core.PageSize)[:100], Tag: 1})
		q.Push(&core.Request{Mem: disk.Block(core.PageSize), Tag: 2})
		for _, r := range drain(q, 3) {
			switch {
			case r.Tag == 0 && !errors.Is(r.Err, core.ErrFault):
				x.Errorf("a write from beyond the end: %v", r.Err)
			case r.Tag == 1 && r.Err != nil && !errors.Is(r.Err, core.ErrAlign):
				x.Errorf("a read of 100 bytes: %v", r.Err)
			case r.Tag == 2 && (r.N != core.PageSize || r.Err != nil):
				x.Errorf("a read beside them: %d bytes, %v", r.N, r.Err)
			}
		}
		if x.a.Stats.EFAULT != 1 {
			x.Errorf("%d EFAULTs counted", x.a.Stats.EFAULT)
		}
		x.must(q.Close())
	})
}

// The memory of a request in flight is the kernel's until Close has returned.
func TestCloseOfAQueueWaits(t *testing.T) {
	overQueues(t, func(x *fixture, e Engine) {
		q := x.queue(16)
		p := pattern(testSize, 3)
		for i := range 16 {
			q.Push(&core.Request{Write: true, Mem: p[i*core.PageSize:][:core.PageSize], Off: int64(i * core.PageSize)})
		}
		q.Reap(nil)
		x.must(q.Close())
		in := disk.Block(testSize)
		_, err := x.f.ReadDirect(x.b, core.Buffer{Mem: in}, 0)
		x.must(err)
		if !bytes.Equal(p, in) {
			x.Error("a write that had begun was not done when Close returned")
		}
	})
}

func TestOneSlotForEachQueuedWrite(t *testing.T) {
	overQueues(t, func(x *fixture, _ Engine) {
		m := x.mapAll(x.f, testSize)
		x.f.exposed.Queue(x.a, 3)
		for i := range 3 {
			x.f.exposed.BeginQueued(x.a, i, int64(i)*core.PageSize, core.PageSize)
		}
		_, err := m.Load(x.b, core.PageSize)
		x.must(err)
		for i, want := range []int64{0, 1, 1} {
			x.f.exposed.EndQueued(x.a, i)
			if got := x.a.Stats.Exposures; got != want {
				x.Errorf("after write %d: %d exposures, want %d", i, got, want)
			}
		}
	})
}

func TestNoQueueWithoutAsynchronousIO(t *testing.T) {
	x := setup(t, Engine{})
	if _, err := x.f.Queue(x.a, 2); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	for _, e := range Engines() {
		if queues := e.(Engine).Direct != Calls; core.Asynchronous(e) != queues {
			t.Errorf("%s is asynchronous: %v", e.Name(), !queues)
		}
	}
}

// script is a transport that answers from a list.
type script struct {
	results  []int64
	prepared []string
	tag      int
}

func (s *script) prepare(tag int, _ bool, _ int, p []byte, off int64) {
	s.tag = tag
	s.prepared = append(s.prepared, fmt.Sprintf("[%d, %d)", off, off+int64(len(p))))
}

func (s *script) begin() {}

func (s *script) exchange(done []completion) []completion {
	res := s.results[0]
	s.results = s.results[1:]
	return append(done, completion{s.tag, res})
}

func (s *script) close() error { return nil }

// A request that moved a part goes on from there; one that was interrupted is
// repeated; one that moves nothing, or has met the end, is over.
func TestParts(t *testing.T) {
	const all = 4 * core.PageSize
	for _, c := range []struct {
		name     string
		write    bool
		results  []int64
		n        int
		err      error
		prepared []string
	}{
		{"in three parts", true, []int64{4096, 8192, 4096}, all, nil, []string{"[0, 16384)", "[4096, 16384)", "[12288, 16384)"}},
		{"interrupted", true, []int64{-int64(unix.EINTR), all}, all, nil, []string{"[0, 16384)", "[0, 16384)"}},
		{"an error behind a part", true, []int64{4096, -int64(unix.EIO)}, 4096, core.ErrIO, []string{"[0, 16384)", "[4096, 16384)"}},
		{"nothing written", true, []int64{4096, 0}, 4096, errWroteNothing, []string{"[0, 16384)", "[4096, 16384)"}},
		{"the end, aligned", false, []int64{4096, 0}, 4096, nil, []string{"[0, 16384)", "[4096, 16384)"}},
		{"the end", false, []int64{4100}, 4100, nil, []string{"[0, 16384)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := setup(t, Engine{Direct: AIO})
			s := &script{results: c.results}
			x.f.async = &alone{open: func(int) (transport, error) { return s, nil }}
			q := x.queue(1)
			q.Push(&core.Request{Write: c.write, Mem: disk.Block(all)})
			r := q.Reap(nil)[0]
			if r.N != c.n || !errors.Is(r.Err, c.err) {
				t.Errorf("%d bytes, %v; want %d, %v", r.N, r.Err, c.n, c.err)
			}
			if !slices.Equal(s.prepared, c.prepared) {
				t.Errorf("requests %v, want %v", s.prepared, c.prepared)
			}
			x.must(q.Close())
		})
	}
}

// What io_submit(2) refuses comes back with its error, and what stands behind
// it begins.
func TestRefusedRequests(t *testing.T) {
	x := setup(t, Engine{Direct: AIO})
	tr, err := openAIO(3)
	x.must(err)
	for tag, fd := range []int{x.f.direct, -1, x.f.direct} {
		tr.prepare(tag, false, fd, disk.Block(core.PageSize), 0)
	}
	var done []completion
	for len(done) < 3 {
		done = tr.exchange(done)
	}
	slices.SortFunc(done, func(a, b completion) int { return a.tag - b.tag })
	if want := []completion{{0, core.PageSize}, {1, -int64(unix.EBADF)}, {2, core.PageSize}}; !slices.Equal(done, want) {
		t.Errorf("%v, want %v", done, want)
	}
	x.must(tr.close())
}

func TestSizesOfStructs(t *testing.T) {
	if n := unsafe.Sizeof(iocb{}); n != 64 {
		t.Errorf("struct iocb has %d bytes", n)
	}
	if n := unsafe.Sizeof(ioEvent{}); n != 32 {
		t.Errorf("struct io_event has %d bytes", n)
	}
}
