package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"

	"cohbench/core"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// trace prints what the parts of the demo do, in the order in which they do
// it. It stands between them: around the lock of a policy, the fault handler
// and the mappings. What they do is theirs.
type trace struct {
	on       atomic.Bool // else only what the demo itself says
	handling atomic.Bool // the fault handler is at work for the writer

	mu  sync.Mutex
	w   io.Writer
	n   int
	err error
}

func newTrace(w io.Writer) *trace { return &trace{w: w} }

// say prints a step.
func (tr *trace) say(who, format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.n++
	if _, err := fmt.Fprintf(tr.w, "%2d  %-8s %s\n", tr.n, who, fmt.Sprintf(format, args...)); err != nil && tr.err == nil {
		tr.err = err
	}
}

// tell is say for a step of the parts.
func (tr *trace) tell(who, format string, args ...any) {
	if tr.on.Load() {
		tr.say(who, format, args...)
	}
}

// policy is p with its lock traced.
func (tr *trace) policy(p *core.Policy) *core.Policy {
	traced := *p
	traced.Lock = func() core.PagecacheLock { return &traceLock{PagecacheLock: p.Lock(), trace: tr} }
	return &traced
}

// traceLock prints what is taken and given back, by whom, and what is held
// then.
type traceLock struct {
	core.PagecacheLock
	trace            *trace
	blockers, adders atomic.Int64
}

func (l *traceLock) changed(t *sched.Thread, what string) {
	who := t.Name
	if l.trace.handling.Load() {
		who = "handler"
	}
	l.trace.tell(who, "pagecache lock: %s; held now by %d to block, %d to add", what, l.blockers.Load(), l.adders.Load())
}

func (l *traceLock) Add(t *sched.Thread) error {
	if !l.PagecacheLock.TryAdd(t) {
		l.changed(t, "add has to wait")
		if err := l.PagecacheLock.Add(t); err != nil {
			l.changed(t, "the wait to add is cancelled")
			return err
		}
	}
	l.adders.Add(1)
	l.changed(t, "add")
	return nil
}

func (l *traceLock) Unadd(t *sched.Thread) {
	l.adders.Add(-1)
	l.changed(t, "unadd")
	l.PagecacheLock.Unadd(t)
}

func (l *traceLock) Block(t *sched.Thread) error {
	if err := l.PagecacheLock.Block(t); err != nil {
		return err
	}
	l.blockers.Add(1)
	l.changed(t, "block")
	return nil
}

func (l *traceLock) Unblock(t *sched.Thread) {
	l.blockers.Add(-1)
	l.changed(t, "unblock")
	l.PagecacheLock.Unblock(t)
}

// traceMemory makes mappings that are traced.
type traceMemory struct {
	mmu.Memory
	trace *trace
	demo  *recursion
}

func (m *traceMemory) NewVMA(t *sched.Thread, first, n int64, h mmu.Handler) (mmu.VMA, error) {
	v, err := m.Memory.NewVMA(t, first, n, &traceHandler{h, m.trace, m.demo})
	if err != nil {
		return nil, err
	}
	return &traceVMA{v, v.(mmu.SystemCaller), m.trace, m.demo}, nil
}

// Zap is the first step of a page on its way out of the cache.
func (m *traceMemory) Zap(t *sched.Thread, idx int64) {
	m.trace.tell(t.Name, "invalidates page %d", idx)
	m.Memory.Zap(t, idx)
}

// traceHandler prints the faults that userfaultfd tells of, and the answers.
type traceHandler struct {
	mmu.Handler
	trace *trace
	demo  *recursion
}

func (h *traceHandler) Fault(cpu *mmu.CPU, v mmu.VMA, idx int64, access mmu.Access) error {
	h.trace.handling.Store(true)
	defer h.trace.handling.Store(false)
	t := cpu.Task.(*core.Task)
	h.trace.tell("handler", "userfaultfd: thread %d faults at page %d of %s; it runs task %q; %s",
		cpu.OSThread(), idx, h.demo.file, t.Name, contextText(t))
	err := h.Handler.Fault(cpu, v, idx, access)
	if err != nil {
		h.trace.tell("handler", "refuses the fault: %v", err)
	} else {
		h.trace.tell("handler", "resolves the fault: page %d is mapped", idx)
	}
	return err
}

func contextText(t *core.Task) string {
	if f := t.FaultsDisabled(); f != nil {
		return "FaultsDisabled = " + f.String()
	}
	return "FaultsDisabled = none"
}

// traceVMA prints the system call.
type traceVMA struct {
	mmu.VMA
	inner mmu.SystemCaller
	trace *trace
	demo  *recursion
}

func (v *traceVMA) SystemCall(cpu *mmu.CPU, off, n int64, call func(mem []byte) error) error {
	err := v.inner.SystemCall(cpu, off, n, func(mem []byte) error {
		v.trace.tell(cpu.Name, "thread %d calls pwrite(2): O_DIRECT to pages %s from the mapping of pages %s; %s",
			cpu.OSThread(), pagesText(target), pagesText(source), contextText(cpu.Task.(*core.Task)))
		return call(mem)
	})
	v.trace.tell(cpu.Name, "pwrite(2) returns %s; pages that have landed: %d of %d", errnoText(err), v.demo.landed(), moved)
	return err
}

// errnoText names what a write that cannot pin its buffer returns.
func errnoText(err error) string {
	var refused *mmu.RefusedError
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &refused) && errors.Is(refused.Call, syscall.EFAULT):
		return fmt.Sprintf("EFAULT: it was refused page %d, by UFFDIO_POISON (cleared since)", refused.Page)
	}
	return err.Error()
}
