package kernelfs

import "cohbench/core/uring"

// ring is asynchronous direct IO by io_uring(7).
type ring struct {
	*uring.Ring
	done []uring.Completion
}

// openRing makes a ring for depth requests.
func openRing(depth int) (transport, error) {
	r, err := uring.New(depth)
	if err != nil {
		return nil, err
	}
	return &ring{Ring: r}, nil
}

func (r *ring) prepare(tag int, write bool, fd int, p []byte, off int64) {
	op := uring.Read
	if write {
		op = uring.Write
	}
	r.Prepare(op, fd, p, off, uint64(tag))
}

func (r *ring) begin() { r.Begin() }

func (r *ring) exchange(done []completion) []completion {
	r.done = r.Exchange(r.done[:0])
	for _, c := range r.done {
		done = append(done, completion{int(c.Data), c.Res})
	}
	return done
}

func (r *ring) close() error { return r.Close() }
