//go:build linux && (amd64 || arm64)

package mmu

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// handlers is the goroutines that answer faults. Each is in a blocking read of
// the userfaultfd, or handles a fault and may sleep on a lock meanwhile. There
// is always one that reads, unless every CPU has a fault being handled: who
// takes a message and leaves no reader behind starts another handler first. So
// a handler asleep on a lock never delays another task's fault.
//
// They are not simply as many as there are CPUs, because the kernel wakes all
// readers for one message: with two a fault takes 1.3 times as long as with one,
// with four 2 times, and starting a handler for each message is between.
type handlers struct {
	crew atomic.Int64 // how many there are; a crew

	// end is the address of a page that is touched to end them, one by one.
	end  atomic.Uintptr
	done chan struct{} // closed by the last one
}

// crew is how many handlers there are, and above that how many of them read or
// are about to: one word, because each decision needs both.
type crew int64

const (
	oneHandler crew = 1
	oneReader  crew = 1 << 32
)

func (c crew) live() int    { return int(c & (oneReader - 1)) }
func (c crew) readers() int { return int(c >> 32) }

// change adds what of says, and returns that.
func (h *handlers) change(of func(c crew) crew) crew {
	for {
		c := crew(h.crew.Load())
		d := of(c)
		if h.crew.CompareAndSwap(int64(c), int64(c+d)) {
			return d
		}
	}
}

// maxReaders is how many handlers wait for messages when nothing happens.
const maxReaders = 2

// enrol makes the CPU known to the handlers, before its first access.
func (m *Userfaultfd) enrol(cpu *CPU) {
	if slices.Contains(*m.cpus.Load(), cpu) {
		return
	}
	if cpu.hw.wake == nil {
		cpu.hw.wake = make(chan struct{}, 1)
	}
	m.lock.Lock(cpu.Thread)
	defer m.lock.Unlock(cpu.Thread)
	cpus := append(slices.Clip(*m.cpus.Load()), cpu)
	m.cpus.Store(&cpus)
	d := m.handlers.change(func(c crew) crew {
		if c.readers() >= maxReaders || c.live() >= len(cpus) {
			return 0
		}
		return oneHandler + oneReader
	})
	if d != 0 {
		go m.handle()
	}
}

// handle answers faults until there are readers enough, or the end.
func (m *Userfaultfd) handle() {
	h := &m.handlers
	var msg uffdMsg
	for {
		if m.fd.read(&msg) != nil {
			panic("mmu: read(2) from a userfaultfd fails")
		}
		if end := h.end.Load(); end != 0 && uintptr(msg.address)&^(PageSize-1) == end {
			m.leave(end)
			return
		}
		if msg.event != eventPagefault {
			continue
		}
		m.relieve()
		m.answer(&msg)
		if h.change(rejoin) != oneReader {
			return
		}
	}
}

// relieve takes the caller from the readers, and starts another handler if
// that leaves none while there is a CPU that could fault.
func (m *Userfaultfd) relieve() {
	d := m.handlers.change(func(c crew) crew {
		if c.readers() == 1 && c.live() < len(*m.cpus.Load()) {
			return oneHandler // its place among the readers is the caller's
		}
		return -oneReader
	})
	if d == oneHandler {
		go m.handle()
	}
}

// rejoin makes a handler a reader again, or one less if there are enough.
func rejoin(c crew) crew {
	if c.readers() >= maxReaders {
		return -oneHandler
	}
	return oneReader
}

// answer handles one fault on behalf of the CPU that took it, and has the
// thread try again. A message that is nobody's is late: its thread was woken
// together with another, and waking the page once more does no harm.
func (m *Userfaultfd) answer(msg *uffdMsg) {
	page := uintptr(msg.address) &^ (PageSize - 1)
	cpu, taken := m.claim(msg.tid, page)
	switch {
	case cpu != nil:
		m.resolve(cpu, page, msg.flags)
	case !taken:
		m.wake(page)
	}
}

func (m *Userfaultfd) wake(page uintptr) {
	if m.fd.wake(page) != nil {
		panic("mmu: UFFDIO_WAKE fails")
	}
}

// resolve calls the fault handler for a claimed CPU, lets go of it, and only
// then wakes the thread: woken by Install, it would be through its access
// before the handler is, and would have to wait for it again. (Measured: the
// system call more costs 0.5 us, the other wait 2 to 20.)
func (m *Userfaultfd) resolve(cpu *CPU, page uintptr, flags uint64) {
	h := &cpu.hw
	if h.err == nil && h.refused.err == nil { // else the access has failed already, and was reported twice
		m.fault(cpu, page, flags)
	}
	h.release()
	m.wake(page)
}

// fault calls the fault handler. If the access must fail it is diverted, or the
// system call refused. One that is through needs no error: its page was there after all, because
// another task's fault brought it in.
func (m *Userfaultfd) fault(cpu *CPU, page uintptr, flags uint64) {
	h := &cpu.hw
	idx := int64(page-h.vma.base) / PageSize
	err := h.vma.handler.Fault(cpu, h.vma, idx, accessOf(flags))
	switch {
	case err == nil || atomic.LoadUint32(&h.tid) == 0:
	case h.pages != 0:
		h.vma.refuse(h, idx, err)
	default:
		h.vma.divert(idx)
		h.err = err
	}
}

// accessOf says what the CPU tried.
func accessOf(flags uint64) Access {
	return access(flags&flagWP != 0, flags&(flagWrite|flagWP) != 0)
}

// claim finds the CPU whose access on thread tid has faulted at the page, and
// makes it this handler's. If another handler has it already, it is taken:
// the fault was reported twice, and that handler will wake the page.
func (m *Userfaultfd) claim(tid uint32, page uintptr) (cpu *CPU, taken bool) {
	for _, c := range *m.cpus.Load() {
		h := &c.hw
		for atomic.LoadUint32(&h.tid) == tid {
			if h.claim.CompareAndSwap(0, looking) {
				if h.is(tid, page) {
					h.claim.Or(claimed)
					return c, false
				}
				h.release()
				break
			}
			if h.claim.Load()&claimed != 0 {
				return nil, true
			}
			runtime.Gosched() // another message of this thread is being looked at
		}
	}
	return nil, false
}

// is says whether the CPU, which the caller keeps from leaving, is in an access
// to that page.
func (h *inFlight) is(tid uint32, page uintptr) bool {
	return atomic.LoadUint32(&h.tid) == tid && page-h.vma.page(h.idx) < uintptr(max(h.pages, 1))*PageSize
}

// release lets go of the CPU.
func (h *inFlight) release() {
	if h.claim.Swap(0)&awaited != 0 {
		h.wake <- struct{}{}
	}
}

// await returns when no handler has the CPU claimed. What is left to the
// handler when it has woken the accessor is mostly a few instructions.
func (h *inFlight) await() {
	for range 20 {
		if h.claim.Load() == 0 {
			return
		}
		runtime.Gosched()
	}
	for {
		c := h.claim.Load()
		if c == 0 {
			return
		}
		if h.claim.CompareAndSwap(c, c|awaited) {
			<-h.wake
		}
	}
}

// stopHandlers ends all handlers, which sit in reads that nothing but a fault
// ends. So one is made: on a page of our own, registered for this. Each
// handler that reads it has it read by the next one; the last unregisters the
// page, and the access goes through.
func (m *Userfaultfd) stopHandlers() error {
	if m.handlers.crew.Load() == 0 {
		return nil
	}
	mem, err := unix.Mmap(-1, 0, PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("map a page to end the fault handlers: %w", err)
	}
	end := uintptr(unsafe.Pointer(&mem[0]))
	if err := m.fd.register(end, PageSize, registerMissing); err != nil {
		return errors.Join(err, unix.Munmap(mem))
	}
	m.handlers.done = make(chan struct{})
	m.handlers.end.Store(end)
	var nobody inFlight
	bracketLoad(&nobody, end)
	<-m.handlers.done
	return unix.Munmap(mem)
}

// leave is how a handler ends.
func (m *Userfaultfd) leave(end uintptr) {
	m.handlers.change(func(crew) crew { return -oneHandler - oneReader })
	if m.handlers.crew.Load() != 0 {
		m.wake(end)
		return
	}
	if m.fd.unregister(end, PageSize) != nil {
		panic("mmu: UFFDIO_UNREGISTER fails")
	}
	close(m.handlers.done)
}
