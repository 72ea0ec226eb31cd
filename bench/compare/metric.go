package compare

import "cohbench/bench/result"

// A Metric picks one figure out of a record.
type Metric struct {
	Key    string // what rules call it: "rate", "p99"
	Class  string // of operations; "" if it is of the whole case
	Unit   string // "ops/s", "ns", "ns/op"
	Better int    // +1: more is better; -1: less is
	// AnyClass is set of figures per operation of any class, which compare only
	// between cases that did the same mix of them: see OtherMix.
	AnyClass bool
	// Of returns the figure; false if the record has none.
	Of func(r *result.Record) (float64, bool)
}

// Name is the class and the key.
func (m Metric) Name() string {
	if m.Class == "" {
		return m.Key
	}
	return m.Class + " " + m.Key
}

// Rate is the completed operations per second of one class.
func Rate(class string) Metric {
	return Metric{"rate", class, "ops/s", +1, false, func(r *result.Record) (float64, bool) {
		v, ok := r.Rate[class]
		return v, ok
	}}
}

// P50 is the median latency of one class, in ns.
func P50(class string) Metric {
	return latency("p50", class, func(l result.Latency) int64 { return l.P50 })
}

// P99 is the 99th percentile of the latency of one class, in ns.
func P99(class string) Metric {
	return latency("p99", class, func(l result.Latency) int64 { return l.P99 })
}

// P999 is the 99.9th percentile of the latency of one class, in ns.
func P999(class string) Metric {
	return latency("p99.9", class, func(l result.Latency) int64 { return l.P999 })
}

// P9999 is the 99.99th percentile of the latency of one class, in ns.
func P9999(class string) Metric {
	return latency("p99.99", class, func(l result.Latency) int64 { return l.P9999 })
}

func latency(key, class string, of func(result.Latency) int64) Metric {
	return Metric{key, class, "ns", -1, false, func(r *result.Record) (float64, bool) {
		l, ok := r.Latency[class]
		return float64(of(l)), ok && r.Ops[class] > 0
	}}
}

// CPU is the processor time of the process per operation of any class, in ns.
func CPU() Metric {
	return Metric{"cpu", "", "ns/op", -1, true, func(r *result.Record) (float64, bool) {
		return r.CPUNsPerOp, r.CPUNsPerOp > 0
	}}
}

// ContextSwitches is the context switches per operation of any class.
func ContextSwitches() Metric {
	return Metric{"switches", "", "/op", -1, true, func(r *result.Record) (float64, bool) {
		return r.CtxSwitchesPerOp, r.CPUNsPerOp > 0
	}}
}

// BlockP99 is the 99th percentile of the time that direct writers waited for
// the block side of the page-cache lock, in ns.
func BlockP99() Metric {
	return Metric{"block-p99", "", "ns", -1, false, func(r *result.Record) (float64, bool) {
		if r.BlockTime == nil {
			return 0, false
		}
		return float64(r.BlockTime.P99), true
	}}
}

// Jain is how evenly the tasks shared the operations of one class.
func Jain(class string) Metric {
	return Metric{"jain", class, "", +1, false, func(r *result.Record) (float64, bool) {
		v, ok := r.Jain[class]
		return v, ok
	}}
}
