//go:build linux && (amd64 || arm64)

package mmu

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A message about a fault names the thread, so an access must say on which
// thread it runs. gettid(2) costs more than the access itself, and a goroutine
// changes threads at any time (to tie it to one would make every wait cost a
// switch of threads). But the runtime keeps the id in its m, which the g of the
// running goroutine points to. Where, is not guessed from a version of Go: it
// is looked for, by comparing with gettid on several threads, and if it is not
// found, the accessor calls gettid.

// gToM and mToThread are the offsets of the pointer to the m in a g and of the
// thread's id in an m, for the accessor; gToM is 0 while they are not known.
// Nobody writes them twice with different values.
var gToM, mToThread uintptr

var threadIDSought atomic.Bool

// gAddress is the address of the running goroutine's g.
func gAddress() uintptr

// peek reads a word at any address; it may fault.
func peek(p uintptr) uint64

// offsets is a place where a thread's id was found.
type offsets struct{ m, thread uintptr }

// How far into g and m the search goes, and on how many threads a place must
// be right.
const (
	maxM, maxThread = 128, 256
	threadsToAgree  = 4
)

// findThreadID looks for the offsets once.
func findThreadID() {
	if threadIDSought.Load() {
		return
	}
	if o, ok := searchThreadID(); ok {
		atomic.StoreUintptr(&mToThread, o.thread)
		atomic.StoreUintptr(&gToM, o.m)
	}
	threadIDSought.Store(true)
}

// searchThreadID returns the first place that is right on all threads, and on
// a goroutine that is tied to none.
func searchThreadID() (offsets, bool) {
	found := make(chan []offsets)
	release := make(chan struct{})
	defer close(release)
	for range threadsToAgree {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			found <- candidates()
			<-release // so that each has a thread of its own
		}()
	}
	agree := map[offsets]int{}
	for range threadsToAgree {
		for _, o := range <-found {
			agree[o]++
		}
	}
	for m := uintptr(0); m < maxM; m += 8 {
		for th := uintptr(0); th < maxThread; th += 8 {
			if o := (offsets{m, th}); agree[o] == threadsToAgree && rightUntied(o) {
				return o, true
			}
		}
	}
	return offsets{}, false
}

// candidates is every place where the id of this thread stands. Many words of
// a g are no addresses; the faults are caught.
func candidates() (found []offsets) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	g, tid := gAddress(), uint64(unix.Gettid())
	for m := uintptr(0); m < maxM; m += 8 {
		found = append(found, candidatesAt(g, m, tid)...)
	}
	return found
}

func candidatesAt(g, m uintptr, tid uint64) (found []offsets) {
	defer func() { _ = recover() }()
	base := uintptr(peek(g + m))
	for th := uintptr(0); th < maxThread; th += 8 {
		if peek(base+th) == tid {
			found = append(found, offsets{m, th})
		}
	}
	return found
}

// rightUntied checks a place on a goroutine that may change threads: if the id
// is the same before and after gettid, gettid must say the same.
func rightUntied(o offsets) bool {
	for range 100 {
		before := peek(uintptr(peek(gAddress()+o.m)) + o.thread)
		tid := uint64(unix.Gettid())
		if after := peek(uintptr(peek(gAddress()+o.m)) + o.thread); before == after {
			return before == tid
		}
		runtime.Gosched()
	}
	return false
}
