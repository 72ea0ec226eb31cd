package compare

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Rule fails what must not be released. Its text is
//
//	[WORKLOAD/][CLASS:]METRIC(<|>)THRESHOLD
//
// METRIC is one of MetricNames. A THRESHOLD in
// per cent is a change from base to new: "direct-write:rate<-5%" fails a rate
// which has fallen by more than 5 %. Any other is a value of new, in the metric's
// unit or as a duration: "load:p99>2ms"; stale and lost are per exposure and
// take no per cent: "lost>0". What is left out stands for all there are.
//
// A rule fails only what is sure: the whole interval must lie beyond the
// threshold, and that of a change by more than two identical engines differ.
type Rule struct {
	Workload, Class, Metric string
	Above                   bool    // fails above the threshold, else below
	Threshold               float64 // 0.05 for 5 %
	Change                  bool    // of a change, else of the value of new
}

// ruleMetrics are the metrics of rules, and whether they are of a class.
var ruleMetrics = []struct {
	name    string
	classed bool
}{{"rate", true}, {"p50", true}, {"p99", true}, {"p99.9", true}, {"p99.99", true}, {"jain", true},
	{"cpu", false}, {"switches", false}, {"block-p99", false}, {"stale", false}, {"lost", false}}

// MetricNames lists what matches have and rules may name.
func MetricNames() []string {
	var names []string
	for _, m := range ruleMetrics {
		names = append(names, m.name)
	}
	return names
}

// ParseRule reads the text of a rule.
func ParseRule(text string) (Rule, error) {
	r, err := parseRule(text)
	if err != nil {
		return r, fmt.Errorf("rule %q: %w", text, err)
	}
	return r, nil
}

func parseRule(text string) (r Rule, err error) {
	i := strings.IndexAny(text, "<>")
	if i < 0 {
		return r, errors.New("want [WORKLOAD/][CLASS:]METRIC<THRESHOLD or >THRESHOLD, such as direct-write:rate<-5%")
	}
	subject := strings.TrimSpace(text[:i])
	r.Above = text[i] == '>'
	if w, rest, ok := strings.Cut(subject, "/"); ok {
		r.Workload, subject = w, rest
	}
	if c, rest, ok := strings.Cut(subject, ":"); ok {
		r.Class, subject = c, rest
	}
	r.Metric = subject
	if err := r.checkMetric(); err != nil {
		return r, err
	}
	return r, r.parseThreshold(strings.TrimSpace(text[i+1:]))
}

func (r *Rule) checkMetric() error {
	if !slices.Contains(MetricNames(), r.Metric) {
		return fmt.Errorf("unknown metric %q: there are %s", r.Metric, strings.Join(MetricNames(), ", "))
	}
	for _, m := range ruleMetrics {
		if m.name == r.Metric && r.Class != "" && !m.classed {
			return fmt.Errorf("%s is of a whole case and not of class %s: leave the class out", m.name, r.Class)
		}
	}
	return nil
}

// counted says that the metric is a chance per exposure.
func (r *Rule) counted() bool { return r.Metric == "stale" || r.Metric == "lost" }

// Timed says that the metric is a time, in ns.
func (r *Rule) Timed() bool {
	return slices.Contains([]string{"p50", "p99", "p99.9", "p99.99", "cpu", "block-p99"}, r.Metric)
}

func (r *Rule) parseThreshold(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil && !percent && r.Timed() {
		var d time.Duration
		d, err = time.ParseDuration(text)
		v = float64(d)
	}
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("threshold %q: want a change such as -5%%, or a value", text)
	case percent && r.counted():
		return fmt.Errorf("threshold %q: %s has no base to be a part of, for that may be 0: give a chance per exposure, such as %s>1e-4", text, r.Metric, r.Metric)
	case percent:
		r.Change, v = true, v/100
	}
	r.Threshold = v
	return nil
}

// A Finding is what a rule says of one row or count of a match.
type Finding struct {
	Match  *Match
	Metric string // with its class
	Failed bool   // for sure
	Sure   bool   // that it failed, or that it did not
	Open   string // why the rule cannot tell; "" if it can
	Lo, Hi float64
}

// Apply applies a rule to everything in matches that it speaks of: nothing if
// there is no such thing.
func (r Rule) Apply(matches []Match) []Finding {
	var list []Finding
	for i := range matches {
		m := &matches[i]
		if r.Workload != "" && r.Workload != m.Case.Workload {
			continue
		}
		for _, row := range m.Rows {
			if row.Key == r.Metric && (r.Class == "" || r.Class == row.Class) {
				f := r.row(row)
				f.Match, f.Metric = m, row.Name()
				list = append(list, f)
			}
		}
		for _, c := range m.Counts {
			// Where nobody is exposed there is nothing to hold against anybody.
			if c.Key == r.Metric && c.New.Trials > 0 {
				f := r.finding(c.New.Lo, c.New.Hi, 0)
				f.Match, f.Metric = m, c.Key
				list = append(list, f)
			}
		}
	}
	return list
}

// row applies the rule to one metric.
func (r Rule) row(row Row) Finding {
	switch {
	case r.Change && row.Ratio.Refused != "":
		return Finding{Open: row.Ratio.Refused}
	case r.Change:
		return r.finding(row.Ratio.Lo-1, row.Ratio.Hi-1, row.AA.Noise())
	case !row.New.Interval():
		return Finding{Open: strings.Join(row.New.Warnings, "; ")}
	}
	return r.finding(row.New.Lo, row.New.Hi, 0)
}

// finding judges an interval. noise, the logarithm of a ratio, widens that of
// a change.
func (r Rule) finding(lo, hi, noise float64) Finding {
	f := Finding{Lo: lo, Hi: hi}
	lo, hi = (1+lo)*math.Exp(-noise)-1, (1+hi)*math.Exp(noise)-1
	if r.Above {
		f.Failed, f.Sure = lo > r.Threshold, lo > r.Threshold || hi <= r.Threshold
	} else {
		f.Failed, f.Sure = hi < r.Threshold, hi < r.Threshold || lo >= r.Threshold
	}
	return f
}
