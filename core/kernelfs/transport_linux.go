package kernelfs

import (
	"errors"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/core/uring"
)

// A transport carries asynchronous requests to the kernel and back. One
// goroutine uses it at a time.
type transport interface {
	// prepare adds a request for the next exchange. p must stay alive, and
	// nobody may touch it, until the request is done. There is room for as
	// many requests, prepared and in flight, as the transport was opened for.
	prepare(tag int, write bool, fd int, p []byte, off int64)
	// begin begins what is prepared, and does not wait for it.
	begin()
	// exchange begins what is prepared, waits until something is done, and
	// appends what is. With nothing to wait for it returns at once.
	exchange(done []completion) []completion
	// close waits for what is in flight, and frees the transport.
	close() error
}

// A completion is a request that is done.
type completion struct {
	tag int
	res int64 // bytes, or an error number below 0
}

// result is what the system call would have returned.
func (c completion) result() (int, error) {
	if c.res < 0 {
		return 0, unix.Errno(-c.res)
	}
	return int(c.res), nil
}

// opener makes a transport for depth requests at once.
type opener func(depth int) (transport, error)

// opener is how direct IO goes asynchronously; nil: not at all.
func (i Interface) opener() opener {
	return [...]opener{Calls: nil, AIO: openAIO, URing: openRing}[i]
}

// Probe tries whether the machine has the interface of e's direct IO. A
// refusal Is errors.ErrUnsupported.
func (e Engine) Probe() error {
	switch e.Direct {
	case Calls:
		return nil
	case URing:
		return uring.Probe()
	}
	t, err := openAIO(1)
	if err != nil {
		return err
	}
	return t.close()
}

// alone is asynchronous direct IO one request at a time: a transport for each
// task.
type alone struct {
	open opener
	of   sched.PerThread[atomic.Pointer[lane]]
}

// lane is the transport of one task.
type lane struct {
	transport
	done []completion
}

// do carries out one request and waits for its end.
func (a *alone) do(t *core.Task, write bool, fd int, p []byte, off int64) (int, error) {
	l, err := a.lane(t)
	if err != nil {
		return 0, err
	}
	l.prepare(0, write, fd, p, off)
	l.done = l.exchange(l.done[:0])
	runtime.KeepAlive(p)
	return l.done[0].result()
}

// lane is the task's, made at its first request.
func (a *alone) lane(t *core.Task) (*lane, error) {
	own := a.of.Of(t.Thread)
	if l := own.Load(); l != nil {
		return l, nil
	}
	tr, err := a.open(1)
	if err != nil {
		return nil, err
	}
	l := &lane{transport: tr}
	own.Store(l)
	return l, nil
}

// close frees the transports.
func (a *alone) close() (err error) {
	for i := range a.of.Len() {
		if l := a.of.At(i).Swap(nil); l != nil {
			err = errors.Join(err, l.close())
		}
	}
	return err
}
