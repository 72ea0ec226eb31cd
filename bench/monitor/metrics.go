package monitor

import (
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"cohbench/bench/result"
)

// metrics is what a run has counted, for Prometheus. Names follow its rules:
// seconds and bytes, _total for what only grows.
type metrics struct {
	registry *prometheus.Registry

	planned                            prometheus.Gauge
	ended, exposures, rounds, measured *prometheus.CounterVec
	ops, bytes, errors                 *prometheus.CounterVec
	waits, waitSeconds                 *prometheus.CounterVec
	findings                           *prometheus.CounterVec
	rate, longestWait                  *prometheus.GaugeVec
	most                               map[string]float64 // seconds, by labels: what longestWait shows
	latency                            *latencies
}

// caseLabels tell cases apart. Repetitions and twins are summed up.
var caseLabels = []string{"engine", "workload", "mmu", "threads"}

func labelsOf(r *result.Record, more ...string) []string {
	return append([]string{r.Engine, r.Workload, r.MMU, strconv.Itoa(r.Threads)}, more...)
}

func newMetrics() *metrics {
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(caseLabels[:4:4], more...))
	}
	gauge := func(name, help string, more ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append(caseLabels[:4:4], more...))
	}
	m := &metrics{
		most:        map[string]float64{},
		registry:    prometheus.NewRegistry(),
		planned:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "cohbench_cases", Help: "Cases that the run is to measure."}),
		ended:       counter("cohbench_cases_ended_total", "Cases measured, by how they ended.", "status"),
		exposures:   counter("cohbench_exposures_total", "Direct writes during which another task tried to add an overlapping page."),
		rounds:      counter("cohbench_rounds_total", "Rounds, each ended by a check at rest."),
		measured:    counter("cohbench_measured_seconds_total", "Measured time, without preparation, warm-up and checks."),
		ops:         counter("cohbench_ops_total", "Completed operations.", "class"),
		bytes:       counter("cohbench_bytes_total", "Bytes moved.", "class"),
		errors:      counter("cohbench_op_errors_total", "Failed operations, by class and error.", "error"),
		waits:       counter("cohbench_lock_waits_total", "Acquisitions of the page-cache lock that had to wait, by side.", "side"),
		waitSeconds: counter("cohbench_lock_wait_seconds_total", "Time waited for the page-cache lock, by side.", "side"),
		findings:    counter("cohbench_findings_total", "What an oracle found: cells, by kind; stale_read is reads, what ends in _round rounds: quiet_eio_round those in which a sync said EIO and nothing was lost.", "kind"),
		rate:        gauge("cohbench_rate", "Operations per second in the case of this kind that ended last.", "class"),
		longestWait: gauge("cohbench_lock_wait_max_seconds", "The longest wait for the page-cache lock, by side.", "side"),
		latency:     newLatencies(),
	}
	m.registry.MustRegister(m.planned, m.ended, m.exposures, m.rounds, m.measured, m.ops, m.bytes, m.errors, m.waits, m.waitSeconds,
		m.findings, m.rate, m.longestWait, m.latency, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return m
}

// record takes in a case that has ended.
func (m *metrics) record(r *result.Record, hists map[string]*hdrhistogram.Histogram) {
	add := func(v *prometheus.CounterVec, n float64, more ...string) {
		v.WithLabelValues(labelsOf(r, more...)...).Add(n)
	}
	add(m.ended, 1, r.Status)
	add(m.exposures, float64(r.Exposures))
	add(m.rounds, float64(r.Rounds))
	add(m.measured, r.Seconds)
	for class, n := range r.Ops {
		add(m.ops, float64(n), class)
		add(m.bytes, float64(r.Bytes[class]), class)
		m.rate.WithLabelValues(labelsOf(r, class)...).Set(r.Rate[class])
	}
	for what, n := range r.Errors {
		add(m.errors, float64(n), what)
	}
	for class, h := range hists {
		m.latency.add(labelsOf(r, class), h)
	}
	m.locks(r)
	m.misdeeds(r)
}

func (m *metrics) locks(r *result.Record) {
	for _, s := range []struct {
		side            string
		waits, ns, most int64
	}{
		{"add", r.Lock.AddWaits, r.Lock.AddWaitNs, r.Lock.MaxAddWaitNs},
		{"block", r.Lock.BlockWaits, r.Lock.BlockWaitNs, r.Lock.MaxBlockWaitNs},
	} {
		labels := labelsOf(r, s.side)
		m.waits.WithLabelValues(labels...).Add(float64(s.waits))
		m.waitSeconds.WithLabelValues(labels...).Add(float64(s.ns) / 1e9)
		key := strings.Join(labels, "\x00")
		m.most[key] = max(m.most[key], float64(s.most)/1e9)
		m.longestWait.WithLabelValues(labels...).Set(m.most[key])
	}
}

func (m *metrics) misdeeds(r *result.Record) {
	o := &r.Oracle
	for kind, n := range map[string]int64{
		"stale": o.Stale, "inverted": o.Inverted, "flipped": o.Flipped, "torn": o.Torn, "nowhere": o.Nowhere,
		"lost": o.Lost, "silent_lost": o.SilentLost, "incoherent": o.Incoherent,
		"stale_read": o.StaleEvents, "stale_round": r.StaleRounds, "loss_round": r.LossRounds,
		"eio_round": r.EIORounds, "quiet_eio_round": r.QuietEIO,
	} {
		m.findings.WithLabelValues(labelsOf(r, kind)...).Add(float64(n))
	}
}
