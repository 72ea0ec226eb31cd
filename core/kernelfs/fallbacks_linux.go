package kernelfs

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"cohbench/core/disk"
	"cohbench/core/sched"
)

// fallbacks is how many direct writes of a file the system turned into
// buffered ones. It has no way to say so to the caller; tracepoints tell.
type fallbacks struct {
	// System calls that should read or write directly.
	reads, writes sched.PerThread[atomic.Int64]

	known disk.Directness // what is known of all of them
	twice bool            // an interface that may begin a write twice
	trace *traceCount     // nil: not counting
	// What was asked when the counting began.
	baseReads, baseWrites int64
}

// CountFallbacks implements core.FallbackCounter.
func (f *file) CountFallbacks() (err error) {
	if f.twice {
		return untraceable("io_uring tries without waiting first, and the tracepoints do not tell that from a fallback")
	}
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(f.direct, &st) }); err != nil {
		return f.failed("stat", 0, 0, err)
	}
	f.baseReads, f.baseWrites = sum(&f.reads), sum(&f.writes)
	f.trace, err = openTraceCount(st.Ino)
	return err
}

// ask counts a system call, or a request, that is to be direct.
func (f *fallbacks) ask(t *sched.Thread, write bool) {
	if write {
		f.writes.Of(t).Add(1)
	} else {
		f.reads.Of(t).Add(1)
	}
}

func sum(counts *sched.PerThread[atomic.Int64]) (n int64) {
	for i := range counts.Len() {
		n += counts.At(i).Load()
	}
	return n
}

// Fallbacks implements core.FallbackCounter. Where the file system has
// iomap's direct path, only a write can fail to take it.
func (f *file) Fallbacks() (int64, error) {
	if f.trace == nil {
		return 0, untraceable("nothing has been counting")
	}
	begun, refused, nothing, err := f.trace.read()
	if err != nil {
		return 0, err
	}
	reads, writes := sum(&f.reads)-f.baseReads, sum(&f.writes)-f.baseWrites
	switch {
	case begun > 0 || reads+writes == 0:
		return max(reads+writes-begun, 0) + refused + nothing, nil
	case f.known == disk.Buffered:
		return writes, nil
	}
	return 0, untraceable(fmt.Sprintf("none of %d direct reads and writes passed the kernel's iomap code, which has the tracepoints", reads+writes))
}

func (f *fallbacks) close() error {
	if f.trace == nil {
		return nil
	}
	return f.trace.close()
}
