package monitor

import (
	"strings"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ends of the buckets of latencies, in ns: 1, 2 and 5 in
// each decade from 1 µs to 10 s.
var bounds = []int64{
	1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9, 5e9, 1e10,
}

// latencies is a Prometheus histogram by case and class, made of HdrHistograms:
// observing each operation again would cost as much as measuring it did. A value
// counts in the bucket of the upper end of its HdrHistogram bar.
type latencies struct {
	desc *prometheus.Desc

	mu  sync.Mutex
	all map[string]*latency // by labels
}

// latency is one histogram.
type latency struct {
	labels  []string
	count   uint64
	seconds float64  // sum
	buckets []uint64 // by bound, not cumulated
}

func newLatencies() *latencies {
	labels := append(caseLabels[:4:4], "class")
	help := "Latency of completed operations."
	return &latencies{desc: prometheus.NewDesc("cohbench_latency_seconds", help, labels, nil), all: map[string]*latency{}}
}

// add takes in a histogram of ns.
func (l *latencies) add(labels []string, h *hdrhistogram.Histogram) {
	if h == nil || h.TotalCount() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := strings.Join(labels, "\x00")
	one := l.all[key]
	if one == nil {
		one = &latency{labels: labels, buckets: make([]uint64, len(bounds))}
		l.all[key] = one
	}
	one.count += uint64(h.TotalCount())
	one.seconds += h.Mean() * float64(h.TotalCount()) / 1e9
	i := 0
	for _, bar := range h.Distribution() {
		for i < len(bounds) && bar.To > bounds[i] {
			i++
		}
		if i == len(bounds) {
			break
		}
		one.buckets[i] += uint64(bar.Count)
	}
}

// Describe implements prometheus.Collector.
func (l *latencies) Describe(c chan<- *prometheus.Desc) { c <- l.desc }

// Collect implements prometheus.Collector.
func (l *latencies) Collect(c chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		buckets, below := map[float64]uint64{}, uint64(0)
		for i, bound := range bounds {
			below += one.buckets[i]
			buckets[float64(bound)/1e9] = below
		}
		c <- prometheus.MustNewConstHistogram(l.desc, one.count, one.seconds, buckets, one.labels...)
	}
}
