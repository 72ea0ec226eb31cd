package bench

import (
	"time"

	"cohbench/bench/compare"
	"cohbench/core"
	"cohbench/core/kernelfs"
)

// A taxOp is one thing that is done to pages.
type taxOp struct {
	name, native, model string
	// perPage does it to some pages and returns the time for one, in ns.
	perPage func(s subject) (float64, error)
}

// taxOps is all of them, in display order. What a step pays for the first of
// many (emptying the per-CPU lists of pages just read, which the kernel has to
// do before it can drop them; a page of page tables; waking a fault handler) is
// paid by the page of taxLead, outside of the time.
var taxOps = []taxOp{
	{"minor fault",
		"load from a cached page after madvise(MADV_DONTNEED)",
		"load from a cached page through a new mapping", minorFault},
	{"refault after invalidation",
		"load from a page that was dropped: the kernel reads it from disk, alone",
		"the same: the model reads it with O_DIRECT", refault},
	{"invalidation",
		"drop a clean mapped page: madvise(MADV_DONTNEED) and posix_fadvise(POSIX_FADV_DONTNEED)",
		"drop a clean mapped page (Evict): shoot down, then free; a hole punched into the memfd under userfaultfd", invalidation},
	{"pin of a mapped page",
		"get_user_pages_fast: vmsplice(2) of 16 mapped pages less that of one, by 15",
		"direct write from 16 mapped pages less that from one, by 15, to a disk that takes no time: look up, lock, copy", pin},
}

var (
	taxLead = []int64{0}
	taxOffs = sparse()
)

// sparse is the pages that are timed.
func sparse() []int64 {
	var offs []int64
	for i := range int64(taxPages) {
		offs = append(offs, (1+i)*taxStride)
	}
	return offs
}

// timed is the time that fn takes for each of n pages, in ns.
func timed(n int, fn func() error) (float64, error) {
	start := time.Now()
	err := fn()
	return float64(time.Since(start)) / float64(n), err
}

// inOrder does steps until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// present makes the pages cached and mapped.
func present(s subject) func() error {
	return func() error {
		return inOrder(func() error { return s.Touch(taxLead) }, func() error { return s.Touch(taxOffs) })
	}
}

func minorFault(s subject) (float64, error) {
	err := inOrder(present(s),
		func() error { return s.Unmap(taxLead) }, func() error { return s.Unmap(taxOffs) },
		func() error { return s.Touch(taxLead) })
	if err != nil {
		return 0, err
	}
	return timed(taxPages, func() error { return s.Touch(taxOffs) })
}

func refault(s subject) (float64, error) {
	if _, err := invalidation(s); err != nil {
		return 0, err
	}
	if err := s.Touch(taxLead); err != nil {
		return 0, err
	}
	return timed(taxPages, func() error { return s.Touch(taxOffs) })
}

func invalidation(s subject) (float64, error) {
	if err := inOrder(present(s), func() error { return s.Evict(taxLead) }); err != nil {
		return 0, err
	}
	ns, err := timed(taxPages, func() error { return s.Evict(taxOffs) })
	if err != nil {
		return 0, err
	}
	return ns, s.Gone(taxOffs)
}

// pinRounds is how often many pages and one are pinned in a turn. Their median
// counts: a difference of two times, one of which was interrupted, is none.
const pinRounds = 16

func pin(s subject) (float64, error) {
	var buffer []int64
	for i := range int64(kernelfs.MaxPin) {
		buffer = append(buffer, i*core.PageSize)
	}
	if err := s.Touch(buffer); err != nil {
		return 0, err
	}
	var slopes []float64
	for range pinRounds {
		many, err := pinOnce(s, kernelfs.MaxPin)
		if err != nil {
			return 0, err
		}
		one, err := pinOnce(s, 1)
		if err != nil {
			return 0, err
		}
		slopes = append(slopes, (many-one)/(kernelfs.MaxPin-1))
	}
	return compare.Median(slopes).Center, nil
}

// pinOnce is the time for pinning n pages, in ns.
func pinOnce(s subject, n int) (float64, error) {
	ns, err := timed(1, func() error { return s.Pin(0, n) })
	if err != nil {
		return 0, err
	}
	return ns, s.Unpin()
}
