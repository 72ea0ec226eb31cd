package plots

import (
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// arrivals lists the settings of groups that are rates at which operations
// arrive: those of an open loop, and the workloads' own fault rate.
func arrivals(groups []compare.Group) []string {
	var names []string
	for _, name := range settings(groups) {
		if name == "fault-rate" || strings.HasPrefix(name, "rate/") && name != "rate/direct-write" {
			names = append(names, name)
		}
	}
	return names
}

// arrivalName says what arrives at a setting's rate.
func arrivalName(setting string) string {
	if class, ok := strings.CutPrefix(setting, "rate/"); ok {
		return class + "s offered per second"
	}
	return "page faults offered per second"
}

// A Rivalry is what faults offered at different rates leave of direct writes,
// and how many of them are served.
type Rivalry struct {
	Writes, Served []Lines
}

// BreakEvens returns the rate of direct writes against the rate at which
// faults, or loads and stores that may fault, arrive; and how many of these are
// served, one panel each per workload.
func BreakEvens(run *result.Run) Rivalry {
	groups := compare.Groups(run)
	var r Rivalry
	for _, name := range arrivals(groups) {
		all := families(groups, bySetting(name))
		for _, f := range all {
			writes := Lines{Label: f.label(all), X: arrivalName(name), Y: f.Class + " operations per second", Curves: f.curves(run.Records, compare.Rate(f.Class))}
			if len(writes.Curves) > 0 {
				r.Writes = append(r.Writes, writes)
			}
			class := strings.TrimPrefix(name, "rate/")
			served := Lines{Label: f.label(all), X: arrivalName(name), Y: class + "s served, of those due", Curves: f.curves(run.Records, servedShare(class))}
			if len(served.Curves) > 0 && class != name {
				r.Served = append(r.Served, served)
			}
		}
	}
	return r
}

// servedShare is which part of the operations that came due was served. The rate
// asked for is no measure of that: arrivals at random, or in a short window, are
// more or fewer.
func servedShare(class string) compare.Metric {
	return compare.Metric{Key: "served", Class: class, Unit: "of due", Better: +1, Of: func(r *result.Record) (float64, bool) {
		o, ok := r.OpenLoop[class]
		if !ok || o.Due <= 0 {
			return 0, false
		}
		return float64(r.Ops[class]) / float64(o.Due), true
	}}
}

// breakEven draws what faults cost direct writes.
func breakEven(t theme, engines []string, data Rivalry) *Figure {
	f := lineFigure(t, engines, Figure{
		Name:  "break-even",
		Title: "Direct writes against arriving faults",
		Note: "Direct writes that complete per second (up) while faults arrive at a given rate (right), whether or not those before them have been served; and which part of the faults is served. " +
			"Where two lines cross, one engine begins to pay better than the other. Bands are 95 % intervals; a hollow glyph at the edge had no figure, for the reason beside it.",
	}, data.Writes, logRateScale, rateScale)
	served := scale{print: rateScale.print, highIsGood: true}
	x := logRateScale
	for _, d := range data.Served {
		f.panels = append(f.panels, d.panel(t, x, served))
	}
	return f
}
