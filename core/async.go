package core

// An AsyncEngine is an engine with which a task may be able to have several
// direct requests in flight.
type AsyncEngine interface {
	Engine
	// Async reports whether its files are AsyncFiles.
	Async() bool
}

// Asynchronous reports whether the files of e are AsyncFiles.
func Asynchronous(e Engine) bool {
	a, ok := e.(AsyncEngine)
	return ok && a.Async()
}

// An AsyncFile is a File on which a task can have several direct requests in
// flight, as with io_submit(2) and io_uring(7).
type AsyncFile interface {
	File
	// Queue makes a queue for t that holds up to depth requests. It must be
	// closed before the file is.
	Queue(t *Task, depth int) (Queue, error)
}

// A Queue is the direct requests that one task has in flight. One goroutine
// uses it at a time.
type Queue interface {
	// Push adds a request. It begins at the next Submit or Reap.
	//
	// Preconditions: there is room: fewer requests than the queue holds have
	// been pushed and not returned.
	Push(r *Request)
	// Submit begins what was pushed, and returns without waiting for it.
	Submit()
	// Reap begins what was pushed and not yet submitted, waits until at least one request has ended,
	// and appends those that have to done, in the order in which they ended.
	// With nothing in the queue it returns at once. It cannot be cancelled: the
	// memory of a request is the system's until the request has ended.
	Reap(done []*Request) []*Request
	// Close waits for the requests in flight, whose results are dropped, and
	// frees the queue.
	Close() error
}

// A Request is one direct read or write. It belongs to the queue from Push on
// until Reap returns it, and so does its memory.
type Request struct {
	Write bool
	Mem   []byte // aligned as direct IO of the file asks
	Off   int64  // bytes, in the file
	Tag   int    // the caller's own

	// What ReadDirect or WriteDirect would have returned.
	N   int
	Err error
}
