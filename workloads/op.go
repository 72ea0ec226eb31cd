package workloads

import (
	"errors"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/core"
	"cohbench/core/sched"
)

// Op is a class of operations.
type Op int

// The classes. OpFault is a load of a page that was just dropped from the
// cache.
const (
	OpDirectWrite Op = iota
	OpDirectRead
	OpBufferedWrite
	OpBufferedRead
	OpLoad
	OpStore
	OpFault
	OpFill
	OpSync
	OpMsync
	OpEvict
	OpPunch
	OpZero
	OpTruncate
	numOps
)

var opNames = [numOps]string{
	"direct-write", "direct-read", "buffered-write", "buffered-read", "load", "store",
	"fault", "fill", "sync", "msync", "evict", "punch", "zero", "truncate",
}

func (o Op) String() string { return opNames[o] }

// The range of a latency histogram, in ns. What lies above is counted as
// Dropped.
const (
	histMin    = 1
	histMax    = int64(60e9)
	histDigits = 3
)

// opStats is what one task counts of one class. Only its task touches it
// while a round runs.
type opStats struct {
	ops     int64
	bytes   int64
	late    int64
	dropped int64
	hist    *hdrhistogram.Histogram
	errs    [numErrorClasses]int64

	pace float64 // operations per second by the workload's own schedule; 0: it has none

	// Of a class at an offered rate (openLoop).
	begun      int64
	unserved   int64
	maxBacklog int64
	service    *hdrhistogram.Histogram // from the call to the return; hist counts from when it was due
	generator  *hdrhistogram.Histogram // from when it was due until a task that was idle came to it
}

func (s *opStats) record(ns int64) {
	if !recordIn(&s.hist, max(ns, histMin)) {
		s.dropped++
	}
}

// recordIn adds a time to a histogram, which it makes for the first of its
// class: in the warm-up, as a rule. It is false for one beyond its range.
func recordIn(h **hdrhistogram.Histogram, ns int64) bool {
	if *h == nil {
		*h = newHist()
	}
	return (*h).RecordValue(ns) == nil
}

func (s *opStats) reset() {
	for _, h := range []*hdrhistogram.Histogram{s.hist, s.service, s.generator} {
		if h != nil {
			h.Reset()
		}
	}
	*s = opStats{hist: s.hist, service: s.service, generator: s.generator, pace: s.pace}
}

// used says whether the class occurred at all, if only to be refused.
func (s *opStats) used() bool {
	return s.hist != nil && (s.hist.TotalCount() > 0 || s.dropped > 0) || s.errs != [numErrorClasses]int64{}
}

// mergeInto adds s to a class of the outcome.
func (s *opStats) mergeInto(c *Class) {
	c.Ops += s.ops
	c.Bytes += s.bytes
	c.Late += s.late
	c.Offered += s.pace
	c.Dropped += s.dropped
	if s.hist != nil {
		c.Dropped += c.Hist.Merge(s.hist)
	}
	for e, n := range s.errs {
		if n > 0 {
			c.Errors[errorNames[e]] += n
		}
	}
}

// mergeInto adds what one task did on an offered rate.
func (l *openLoop) mergeInto(c *Class, s *opStats) {
	if c.Open == nil {
		c.Open = &Open{Arrival: l.kind, Service: newHist(), Generator: newHist()}
	}
	c.Offered += 1e9 / l.period
	c.Open.Due += s.begun + s.unserved
	c.Open.Unserved += s.unserved
	c.Open.MaxBacklog = max(c.Open.MaxBacklog, s.maxBacklog)
	merge(c.Open.Service, s.service)
	merge(c.Open.Generator, s.generator)
}

func newHist() *hdrhistogram.Histogram { return hdrhistogram.New(histMin, histMax, histDigits) }

// merge adds from, of the same range, to h.
func merge(h, from *hdrhistogram.Histogram) {
	if from != nil {
		h.Merge(from)
	}
}

func newClass() *Class {
	return &Class{Hist: newHist(), Errors: map[string]int64{}}
}

// errorClass sorts errors for counting.
type errorClass int

const (
	errNone errorClass = iota
	errFault
	errBeyondEOF
	errIO
	errUnsupported
	errCanceled
	errOther
	numErrorClasses
)

var errorNames = [numErrorClasses]string{"", "EFAULT", "SIGBUS", "EIO", "unsupported", "canceled", "other"}

func classify(err error) errorClass {
	switch {
	case err == nil:
		return errNone
	case errors.Is(err, core.ErrFault):
		return errFault
	case errors.Is(err, core.ErrBeyondEOF):
		return errBeyondEOF
	case errors.Is(err, sched.ErrCanceled):
		return errCanceled
	case errors.Is(err, core.ErrIO):
		return errIO
	case errors.Is(err, errors.ErrUnsupported):
		return errUnsupported
	}
	return errOther
}
