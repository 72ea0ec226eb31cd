//go:build linux && (amd64 || arm64)

package mmu

import (
	"bytes"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestIoctlSizes: the size in a number is the size of the struct, and the
// structs are those of the kernel's header.
func TestIoctlSizes(t *testing.T) {
	for _, c := range []struct {
		name           string
		number         uintptr
		nr, size, want uintptr
	}{
		{"UFFDIO_API", uffdioAPI, 0x3f, unsafe.Sizeof(uffdioAPIArg{}), 24},
		{"UFFDIO_REGISTER", uffdioRegister, 0, unsafe.Sizeof(uffdioRegisterArg{}), 32},
		{"UFFDIO_UNREGISTER", uffdioUnregister, 1, unsafe.Sizeof(uffdioRange{}), 16},
		{"UFFDIO_WAKE", uffdioWake, 2, unsafe.Sizeof(uffdioRange{}), 16},
		{"UFFDIO_COPY", uffdioCopy, 3, unsafe.Sizeof(uffdioCopyArg{}), 40},
		{"UFFDIO_WRITEPROTECT", uffdioWriteprotect, 6, unsafe.Sizeof(uffdioWriteprotectArg{}), 24},
		{"UFFDIO_CONTINUE", uffdioContinue, 7, unsafe.Sizeof(uffdioContinueArg{}), 32},
		{"UFFDIO_POISON", uffdioPoison, 8, unsafe.Sizeof(uffdioPoisonArg{}), 32},
	} {
		if c.size != c.want || c.number>>16&0x3fff != c.want {
			t.Errorf("%s: struct of %d bytes, number for %d, header has %d", c.name, c.size, c.number>>16&0x3fff, c.want)
		}
		if c.number&0xff != c.nr || c.number>>8&0xff != uffdAPI {
			t.Errorf("%s: %#x is not number %d of type %#x", c.name, c.number, c.nr, uffdAPI)
		}
	}
	var m uffdMsg
	if unsafe.Sizeof(m) != 32 || unsafe.Offsetof(m.flags) != 8 || unsafe.Offsetof(m.address) != 16 || unsafe.Offsetof(m.tid) != 24 {
		t.Errorf("struct uffd_msg: %d bytes, flags at %d, address at %d, thread at %d",
			unsafe.Sizeof(m), unsafe.Offsetof(m.flags), unsafe.Offsetof(m.address), unsafe.Offsetof(m.tid))
	}
}

// TestThreadID: the accessor finds the id of its thread without a system call,
// and with one where it does not know how.
func TestThreadID(t *testing.T) {
	findThreadID()
	if gToM == 0 {
		t.Fatal("the thread's id was not found in the runtime's g and m: every access calls gettid")
	}
	known := gToM
	defer func() { gToM = known }()
	for _, m := range []uintptr{known, 0} {
		gToM = m
		for range 4 {
			done := make(chan [2]int)
			go func() {
				runtime.LockOSThread() // and ends with its thread
				var tid uint32
				h, word := new(inFlight), uint64(0)
				publishedThread(h, &word, &tid)
				done <- [2]int{int(tid), unix.Gettid()}
			}()
			if got := <-done; got[0] != got[1] {
				t.Errorf("thread %d, published %d", got[1], got[0])
			}
		}
	}
}

// publishedThread has copyBytes copy the id that it has itself published.
func publishedThread(h *inFlight, word *uint64, tid *uint32) {
	copyBytes(h, unsafe.Pointer(word), unsafe.Pointer(&h.tid), 4)
	*tid = uint32(*word)
	runtime.KeepAlive(h)
}

// TestThreadIDSearch: garbage in a g does no harm, and a wrong place is not
// taken.
func TestThreadIDSearch(t *testing.T) {
	o, ok := searchThreadID()
	if !ok || o.m != gToM || o.thread != mToThread {
		t.Errorf("found %v, %v; then %d, %d", o, ok, gToM, mToThread)
	}
	if rightUntied(offsets{o.m, o.thread + 8}) {
		t.Error("the word after the thread's id passes for it")
	}
}

// TestAccessors moves bytes by each of them, of all lengths and alignments, and
// nothing beside them.
func TestAccessors(t *testing.T) {
	h := new(inFlight)
	for n := range 600 {
		for _, skew := range [][2]int{{0, 0}, {1, 1}, {0, 3}, {5, 0}} {
			src, dst := make([]byte, n+16), make([]byte, n+16)
			for i := range src {
				src[i] = byte(i*31 + 1)
			}
			from, to := src[skew[0]:], dst[skew[1]:]
			bracketCopy(h, unsafe.Pointer(&to[0]), unsafe.Pointer(&from[0]), uintptr(n))
			if !bytes.Equal(to[:n], from[:n]) || !allZero(to[n:]) || !allZero(dst[:skew[1]]) {
				t.Fatalf("%d bytes from +%d to +%d", n, skew[0], skew[1])
			}
		}
	}
	word := alignedSlab(1) // on the heap: a stack may move
	p := uintptr(unsafe.Pointer(&word[0]))
	bracketStore(h, p, 0x1122334455667788)
	if x := bracketLoad(h, p); x != 0x1122334455667788 || load64(word, 0) != x {
		t.Errorf("%#x, %#x", x, load64(word, 0))
	}
	if h.tid != 0 {
		t.Errorf("thread %d is still published", h.tid)
	}
}

func allZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }

// TestAccessorsAreWhole: an aligned word is never seen half stored, by a load
// or by a copy.
func TestAccessorsAreWhole(t *testing.T) {
	const words = 64
	shared := alignedSlab(1)
	at := func(i int) uintptr { return uintptr(unsafe.Pointer(&shared[8*i])) }
	done := make(chan bool)
	for writer := range 2 {
		go func() {
			h, full := new(inFlight), bytes.Repeat([]byte{0xff}, 8*words)
			empty := make([]byte, 8*words)
			for i := range 20_000 {
				if writer == 0 {
					bracketStore(h, at(i%words), -uint64(i&1))
				} else if i%2 == 0 {
					bracketCopy(h, unsafe.Pointer(&shared[0]), unsafe.Pointer(&full[0]), 8*words)
				} else {
					bracketCopy(h, unsafe.Pointer(&shared[0]), unsafe.Pointer(&empty[0]), 8*words)
				}
			}
			done <- true
		}()
	}
	h, seen := new(inFlight), make([]uint64, words)
	for ended := 0; ended < 2; {
		select {
		case <-done:
			ended++
		default:
		}
		bracketCopy(h, unsafe.Pointer(&seen[0]), unsafe.Pointer(&shared[0]), 8*words)
		for i, x := range append(seen, bracketLoad(h, at(7))) {
			if x != 0 && x != ^uint64(0) {
				t.Fatalf("word %d is %#x", i, x)
			}
		}
	}
}

// TestHandlersCrew: who becomes a reader, and who ends.
func TestHandlersCrew(t *testing.T) {
	var h handlers
	add := func(c crew) { h.change(func(crew) crew { return c }) }
	add(2*oneHandler + oneReader)
	if d := h.change(rejoin); d != oneReader {
		t.Errorf("with 1 reader: %#x", d)
	}
	add(oneHandler)
	if d := h.change(rejoin); d != -oneHandler {
		t.Errorf("with %d readers: %#x", maxReaders, d)
	}
	if c := crew(h.crew.Load()); c.live() != 2 || c.readers() != 2 {
		t.Errorf("%d handlers, %d read", c.live(), c.readers())
	}
}

// TestMissingFeatures are named.
func TestMissingFeatures(t *testing.T) {
	if s := (featureMinorShmem | featureThreadID | 1<<40).String(); s != "THREAD_ID, MINOR_SHMEM (Linux 5.14), 0x10000000000" {
		t.Error(s)
	}
}
