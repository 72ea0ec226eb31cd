package compare

import (
	"slices"

	"cohbench/bench/result"
)

// Cases lists the cases of records in order of appearance.
func Cases(records []result.Record) []result.Case {
	var cases []result.Case
	seen := make(map[result.Case]bool)
	for i := range records {
		if c := records[i].Case(); !seen[c] {
			seen[c] = true
			cases = append(cases, c)
		}
	}
	return cases
}

// Of returns the records of one case, in order.
func Of(records []result.Record, c result.Case) []result.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r result.Record) bool { return r.Case() != c })
}

// Series returns a metric of a case by repetition. Repetitions which did not
// end well have no figure.
func Series(records []result.Record, c result.Case, m Metric) map[int]float64 {
	series := make(map[int]float64)
	for i := range records {
		r := &records[i]
		if r.Case() != c || !r.OK() {
			continue
		}
		if v, ok := m.Of(r); ok {
			series[r.Rep] = v
		}
	}
	return series
}

// Summary estimates the median of a metric of a case.
func Summary(records []result.Record, c result.Case, m Metric) Estimate {
	var values []float64
	for _, v := range Series(records, c, m) {
		values = append(values, v)
	}
	return Median(values)
}

// Against compares case a with case b. Cases which differ in more than the
// engine are refused.
func Against(records []result.Record, a, b result.Case, m Metric) Ratio {
	if why := Mixed(a, b); why != "" {
		return Ratio{Refused: why}
	}
	return Paired(Series(records, a, m), Series(records, b, m))
}

// Base returns the case to compare c with: the same on engine base. The MMU
// is that of base's own records.
func Base(records []result.Record, c result.Case, base string) (result.Case, bool) {
	for i := range records {
		b := records[i].Case()
		if b.Engine == base && b.Pair == 0 && Mixed(b, c) == "" {
			return b, true
		}
	}
	return result.Case{}, false
}

// AA compares the two twins of one engine that ran beside c: whatever differs
// there is noise. It takes the engine which has a twin, whichever that is.
func AA(records []result.Record, c result.Case, m Metric) Ratio {
	for i := range records {
		twin := records[i].Case()
		if twin.Pair == 0 || Mixed(twin, c) != "" {
			continue
		}
		first := twin
		first.Pair = 0
		return Against(records, twin, first, m)
	}
	return Ratio{Refused: "no engine ran twice beside it"}
}
