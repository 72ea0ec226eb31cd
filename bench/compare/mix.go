package compare

import (
	"fmt"
	"maps"
	"slices"

	"cohbench/bench/result"
)

// A figure per operation of any class says little of cases that did other
// operations: one that stores often and cheaply looks cheap, however dear its
// writes. Shares of a class may differ by mixFactor, and those below minShare
// by anything.
const (
	mixFactor = 1.1
	minShare  = 0.01
)

// OtherMix says why figures per operation of any class of cases with these
// records do not compare; "" if they do, or if one side did nothing.
func OtherMix(a, b []result.Record) string {
	x, y := shares(a), shares(b)
	if len(x) == 0 || len(y) == 0 {
		return ""
	}
	worst, why := mixFactor, ""
	all := maps.Clone(x)
	maps.Copy(all, y)
	for _, class := range slices.Sorted(maps.Keys(all)) {
		lo, hi := min(x[class], y[class]), max(x[class], y[class])
		if hi >= minShare && hi > worst*lo {
			worst = hi / max(lo, minShare/mixFactor)
			why = fmt.Sprintf("it is per operation of any class, and the mix differs: %.3g and %.3g %% are %s", 100*x[class], 100*y[class], class)
		}
	}
	return why
}

// shares is the part that each class has in the operations of records which
// ended well.
func shares(records []result.Record) map[string]float64 {
	part, all := map[string]float64{}, 0.0
	for i := range records {
		if !records[i].OK() {
			continue
		}
		for class, n := range records[i].Ops {
			part[class] += float64(n)
			all += float64(n)
		}
	}
	for class := range part {
		if part[class] /= all; part[class] == 0 || all == 0 {
			delete(part, class)
		}
	}
	return part
}
