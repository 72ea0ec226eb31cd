package monitor

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
)

// A Monitor takes in what a run tells of itself. Its methods may be called by
// many goroutines.
type Monitor struct {
	now     func() time.Time
	metrics *metrics

	mu       sync.Mutex
	start    time.Time
	estimate time.Duration // of the whole, before anything is known
	begun    time.Time     // of the first case
	status   Status
}

// New begins to watch a run. now is time.Now but for tests.
func New(now func() time.Time) *Monitor {
	return &Monitor{now: now, metrics: newMetrics(), start: now()}
}

// Start is told of the plan: so many cases, expected to take that long.
func (m *Monitor) Start(cases int, estimate time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.Cases, m.estimate, m.begun = cases, estimate, m.now()
	m.metrics.planned.Set(float64(cases))
}

// Step is told of each case before it begins.
func (m *Monitor) Step(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.Case = text
}

// Record is told of each case that has ended, with the latencies of its
// classes, in ns.
func (m *Monitor) Record(r *result.Record, hists map[string]*hdrhistogram.Histogram) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.Done++
	m.status.Last = &Last{Engine: r.Engine, Workload: r.Workload, Threads: r.Threads, Rep: r.Rep, Status: r.Status, Rates: r.Rate}
	m.status.Findings.add(r)
	m.metrics.record(r, hists)
}

// Status is how the run stands now.
func (m *Monitor) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := m.status, m.now()
	s.Time, s.Elapsed = now, now.Sub(m.start).Seconds()
	s.ETA = m.left(now)
	return s
}

// left is how long the run has still to go, in s: by the cases that have
// ended, or else by the estimate.
func (m *Monitor) left(now time.Time) float64 {
	if m.begun.IsZero() {
		return 0
	}
	gone := now.Sub(m.begun)
	whole := m.estimate
	if m.status.Done > 0 {
		whole = time.Duration(float64(gone) / float64(m.status.Done) * float64(m.status.Cases))
	}
	return max(0, whole-gone).Seconds()
}
