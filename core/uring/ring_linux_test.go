package uring

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newRing makes a ring, or skips the test with the reason why there is none.
func newRing(t *testing.T, entries int) *Ring {
	t.Helper()
	if err := Probe(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	r, err := New(entries)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newFile makes a file with contents and returns its descriptor.
func newFile(t *testing.T, contents []byte) int {
	t.Helper()
	fd, err := unix.Open(filepath.Join(t.TempDir(), "data"), unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	must(t, err)
	t.Cleanup(func() { must(t, unix.Close(fd)) })
	_, err = unix.Pwrite(fd, contents, 0)
	must(t, err)
	return fd
}

// all exchanges until n requests have completed.
func (r *Ring) all(n int) (done []Completion) {
	for len(done) < n {
		done = r.Exchange(done)
	}
	return done
}

func TestSizesOfStructs(t *testing.T) {
	var s sqe
	var p params
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"struct io_uring_sqe", unsafe.Sizeof(s), 64},
		{"off", unsafe.Offsetof(s.off), 8},
		{"addr", unsafe.Offsetof(s.addr), 16},
		{"len", unsafe.Offsetof(s.len), 24},
		{"user_data", unsafe.Offsetof(s.data), 32},
		{"struct io_uring_cqe", unsafe.Sizeof(cqe{}), 16},
		{"struct io_uring_params", unsafe.Sizeof(p), 120},
		{"features", unsafe.Offsetof(p.features), 20},
		{"sq_off", unsafe.Offsetof(p.sqOff), 40},
		{"cq_off", unsafe.Offsetof(p.cqOff), 80},
		{"sq_off.array", unsafe.Offsetof(p.sqOff.array), 24},
		{"cq_off.cqes", unsafe.Offsetof(p.cqOff.cqes), 20},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.what, c.got, c.want)
		}
	}
}

const block = 512

// What one ring writes at some depth comes back at that depth, also after its
// indices have gone round.
func TestWriteAndRead(t *testing.T) {
	for _, depth := range []int{1, 2, 7, 32} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			r := newRing(t, depth)
			defer func() { must(t, r.Close()) }()
			fd := newFile(t, nil)
			for round := range 2*depth + 3 {
				out, in := make([]byte, depth*block), make([]byte, depth*block)
				for i := range out {
					out[i] = byte(i/block + round)
				}
				r.move(t, Write, fd, out)
				r.move(t, Read, fd, in)
				if !bytes.Equal(out, in) {
					t.Fatalf("round %d: what was written is not what is read", round)
				}
			}
		})
	}
}

// move transfers p block by block, all at once.
func (r *Ring) move(t *testing.T, op Op, fd int, p []byte) {
	t.Helper()
	n := len(p) / block
	for i := range n {
		r.Prepare(op, fd, p[i*block:][:block], int64(i*block), uint64(i))
	}
	seen := make([]bool, n)
	for _, c := range r.all(n) {
		if c.Res != block || seen[c.Data] {
			t.Fatalf("request %d: result %d, seen before: %v", c.Data, c.Res, seen[c.Data])
		}
		seen[c.Data] = true
	}
}

func TestShortReadAtTheEnd(t *testing.T) {
	r := newRing(t, 4)
	defer func() { must(t, r.Close()) }()
	fd := newFile(t, make([]byte, 1000))
	p := make([]byte, 3*block)
	for i, off := range []int64{512, 1000, 5000} {
		r.Prepare(Read, fd, p[i*block:][:block], off, uint64(off))
	}
	done := r.all(3)
	slices.SortFunc(done, func(a, b Completion) int { return int(a.Data) - int(b.Data) })
	if want := []Completion{{512, 488}, {1000, 0}, {5000, 0}}; !slices.Equal(done, want) {
		t.Errorf("%v, want %v", done, want)
	}
}

// A request that fails says why, and leaves the others alone.
func TestErrors(t *testing.T) {
	r := newRing(t, 4)
	defer func() { must(t, r.Close()) }()
	fd := newFile(t, make([]byte, block))
	ro, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(ro)
	p := make([]byte, block)
	r.Prepare(Read, -1, p, 0, 1)
	r.Prepare(Write, ro, p, 0, 2)
	r.Prepare(Op(255), fd, p, 0, 3)
	r.Prepare(Read, fd, p, 0, 4)
	for _, c := range r.all(4) {
		want := map[uint64]int64{1: -int64(unix.EBADF), 2: -int64(unix.EBADF), 3: -int64(unix.EINVAL), 4: block}[c.Data]
		if c.Res != want {
			t.Errorf("request %d: %d, want %d", c.Data, c.Res, want)
		}
	}
}

// A read of an empty pipe stays in flight until somebody writes: Exchange
// returns what has ended, and Close waits for the rest.
func TestCloseWaits(t *testing.T) {
	r := newRing(t, 2)
	var pipe [2]int
	must(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	fd := newFile(t, make([]byte, block))
	late, p := make([]byte, block), make([]byte, block)
	r.Prepare(Read, pipe[0], late, 0, 1)
	r.Prepare(Read, fd, p, 0, 2)
	if done := r.Exchange(nil); !slices.Equal(done, []Completion{{2, block}}) {
		t.Fatalf("%v, want request 2 alone", done)
	}
	closed := make(chan error)
	go func() { closed <- r.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("closed (%v) with a request in flight", err)
	default:
	}
	_, err := unix.Write(pipe[1], []byte{7})
	must(t, err)
	must(t, <-closed)
	if late[0] != 7 {
		t.Error("the request in flight had not ended when Close returned")
	}
}

// What was begun runs without an Exchange, which returns it later.
func TestBegin(t *testing.T) {
	r := newRing(t, 2)
	defer func() { must(t, r.Close()) }()
	var pipe [2]int
	must(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	r.Begin() // of nothing
	r.Prepare(Write, pipe[1], []byte{7}, 0, 1)
	r.Begin()
	p := make([]byte, 1)
	if n, err := unix.Read(pipe[0], p); n != 1 || err != nil || p[0] != 7 {
		t.Fatalf("%d bytes, %v, %v", n, p, err)
	}
	if done := r.Exchange(nil); !slices.Equal(done, []Completion{{1, 1}}) {
		t.Errorf("%v", done)
	}
}

// What was prepared and never begun neither runs nor is waited for.
func TestCloseDropsWhatIsPrepared(t *testing.T) {
	r := newRing(t, 2)
	fd := newFile(t, make([]byte, block))
	r.Prepare(Write, fd, bytes.Repeat([]byte{1}, block), 0, 1)
	must(t, r.Close())
	p := make([]byte, block)
	_, err := unix.Pread(fd, p, 0)
	must(t, err)
	if p[0] != 0 {
		t.Error("it was written")
	}
}

func TestExchangeOfNothing(t *testing.T) {
	r := newRing(t, 1)
	defer func() { must(t, r.Close()) }()
	if done := r.Exchange(nil); done != nil {
		t.Errorf("%v", done)
	}
}

// What the kernel does not take completes with its error, and the ring goes on.
func TestRefuse(t *testing.T) {
	r := newRing(t, 4)
	defer func() { must(t, r.Close()) }()
	fd := newFile(t, make([]byte, block))
	p := make([]byte, block)
	r.Prepare(Read, fd, p, 0, 1)
	r.Prepare(Read, fd, p, 0, 2)
	want := []Completion{{1, -int64(unix.EAGAIN)}, {2, -int64(unix.EAGAIN)}}
	if done := r.refuse(nil, unix.EAGAIN); !slices.Equal(done, want) {
		t.Errorf("%v, want %v", done, want)
	}
	r.Prepare(Read, fd, p, 0, 3)
	if done := r.all(1); !slices.Equal(done, []Completion{{3, block}}) {
		t.Errorf("afterwards: %v", done)
	}
}

func TestRefusals(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOSYS, unix.EPERM, unix.ENOMEM, unix.EMFILE} {
		if err := refused(errno); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v: %v is no lack of a feature", errno, err)
		}
	}
	if err := refused(unix.EINVAL); errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, unix.EINVAL) {
		t.Errorf("EINVAL is a bug of ours, and not %v", err)
	}
	if _, err := New(0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a ring without entries: %v", err)
	}
}
