package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is a pair of queues shared with the kernel.
type Ring struct {
	fd    int
	rings []byte // the mapping of both queues' heads, tails and entries
	slots []byte // the mapping of the submissions

	sqes   []sqe
	sqHead *uint32 // the kernel's
	sqTail *uint32 // ours
	sqMask uint32
	tail   uint32 // of what is prepared; *sqTail lags behind it

	cqes   []cqe
	cqHead *uint32 // ours
	cqTail *uint32 // the kernel's
	cqMask uint32

	inFlight int // begun, and not yet returned

	// latest is the memory of the latest request: what is stored here escapes
	// to the heap, where nothing moves.
	latest []byte
}

// A Completion is how a request ended.
type Completion struct {
	Data uint64 // as given to Prepare
	Res  int64  // bytes moved, or an error number below 0
}

// New makes a ring for up to entries requests at once. Where the kernel
// refuses, the error Is errors.ErrUnsupported and says why.
func New(entries int) (*Ring, error) {
	var p params
	fd, err := setup(uint32(entries), &p)
	if err != nil {
		return nil, refused(err)
	}
	r := &Ring{fd: fd}
	if err := r.open(&p); err != nil {
		return nil, errors.Join(err, r.free())
	}
	return r, nil
}

// open maps what setup has made.
func (r *Ring) open(p *params) error {
	const want = featSingleMmap | featNoDrop
	if p.features&want != want {
		return unsupported(fmt.Sprintf("this kernel lacks IORING_FEAT_SINGLE_MMAP or IORING_FEAT_NODROP (features %#x): needs Linux 5.5", p.features))
	}
	size := max(p.sqOff.array+p.sqEntries*4, p.cqOff.cqes+p.cqEntries*uint32(unsafe.Sizeof(cqe{})))
	var err error
	if r.rings, err = r.mmap(offRings, int(size)); err != nil {
		return err
	}
	if r.slots, err = r.mmap(offSqes, int(p.sqEntries)*int(unsafe.Sizeof(sqe{}))); err != nil {
		return err
	}
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.slots[0])), p.sqEntries)
	r.sqHead, r.sqTail, r.sqMask = r.word(p.sqOff.head), r.word(p.sqOff.tail), *r.word(p.sqOff.ringMask)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.rings[p.cqOff.cqes])), p.cqEntries)
	r.cqHead, r.cqTail, r.cqMask = r.word(p.cqOff.head), r.word(p.cqOff.tail), *r.word(p.cqOff.ringMask)
	// The i-th place of the queue always names the i-th submission.
	for i, array := uint32(0), unsafe.Slice(r.word(p.sqOff.array), p.sqEntries); i < p.sqEntries; i++ {
		array[i] = i
	}
	return nil
}

func (r *Ring) mmap(off int64, size int) ([]byte, error) {
	m, err := unix.Mmap(r.fd, off, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of an io_uring: %w", size, err)
	}
	return m, nil
}

// word is the 32-bit word at off in the mapping of the queues.
func (r *Ring) word(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[off])) }

// Prepare adds a request for the next Exchange: to move p to or from the bytes
// at off of a file. p must stay where it is, and alive, until the request's
// completion has been returned.
//
// Preconditions: fewer requests than the ring has entries are prepared or in
// flight.
func (r *Ring) Prepare(op Op, fd int, p []byte, off int64, data uint64) {
	r.sqes[r.tail&r.sqMask] = sqe{
		opcode: op, fd: int32(fd), off: uint64(off), data: data,
		addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), len: uint32(len(p)),
	}
	r.tail++
	r.latest = p
}

// Begin begins what was prepared, as far as the kernel takes it now, and does
// not wait for it: Exchange sees to the rest, and to what went wrong.
func (r *Ring) Begin() {
	atomic.StoreUint32(r.sqTail, r.tail)
	if pending := r.tail - atomic.LoadUint32(r.sqHead); pending > 0 {
		n, _ := enter(r.fd, pending, 0, 0)
		r.inFlight += n
	}
}

// Exchange begins what was prepared, waits until at least one request has
// ended, and appends the completions there are. With nothing prepared and
// nothing in flight it returns at once. Requests that the kernel does not take
// although nothing is in flight any more complete with its error.
func (r *Ring) Exchange(done []Completion) []Completion {
	atomic.StoreUint32(r.sqTail, r.tail)
	before := len(done)
	for {
		pending := r.tail - atomic.LoadUint32(r.sqHead)
		if pending == 0 && (r.inFlight == 0 || len(done) > before) {
			return done
		}
		wait := uint32(1)
		if len(done) > before {
			wait = 0
		}
		n, err := enter(r.fd, pending, wait, enterGetevents)
		r.inFlight += n
		if r.inFlight > 0 && (err == unix.EAGAIN || err == unix.EBUSY) {
			// Short of memory: what is in flight will give some back.
			_, err = enter(r.fd, 0, 1, enterGetevents)
		}
		done = r.collect(done)
		if err != nil && err != unix.EINTR {
			done = r.refuse(done, err)
		}
	}
}

// collect takes the completions there are.
func (r *Ring) collect(done []Completion) []Completion {
	head := *r.cqHead
	for tail := atomic.LoadUint32(r.cqTail); head != tail; head++ {
		c := &r.cqes[head&r.cqMask]
		done = append(done, Completion{c.data, int64(c.res)})
		r.inFlight--
	}
	atomic.StoreUint32(r.cqHead, head)
	return done
}

// refuse has what is prepared complete with an error. The kernel looks at the
// queue in io_uring_enter(2) only, so what it did not take can be taken back.
func (r *Ring) refuse(done []Completion, err error) []Completion {
	errno, ok := err.(unix.Errno)
	head := atomic.LoadUint32(r.sqHead)
	if !ok || head == r.tail {
		panic("uring: io_uring_enter failed with requests in flight")
	}
	for i := head; i != r.tail; i++ {
		done = append(done, Completion{r.sqes[i&r.sqMask].data, -int64(errno)})
	}
	r.tail = head
	atomic.StoreUint32(r.sqTail, r.tail)
	return done
}

// Close waits for the requests in flight and frees the ring. What is prepared
// and was never exchanged does not begin.
func (r *Ring) Close() error {
	r.tail = atomic.LoadUint32(r.sqHead)
	var done []Completion
	for r.inFlight > 0 {
		done = r.Exchange(done[:0])
	}
	return r.free()
}

// free gives back what there is.
func (r *Ring) free() (err error) {
	for _, m := range []*[]byte{&r.rings, &r.slots} {
		if *m != nil {
			err = errors.Join(err, unix.Munmap(*m))
			*m = nil
		}
	}
	return errors.Join(err, unix.Close(r.fd))
}
