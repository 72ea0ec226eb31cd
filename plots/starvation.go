package plots

import (
	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// Starvations returns how long a direct writer waits for the block side of the
// pagecache lock, against the rate at which faults arrive: a panel each for the
// median, the 99th percentile and the longest wait.
func Starvations(run *result.Run) []Lines {
	groups := compare.Groups(run)
	var lines []Lines
	for _, name := range arrivals(groups) {
		all := families(groups, bySetting(name))
		for _, f := range all {
			for _, q := range []struct {
				name string
				of   func(l *result.Latency) int64
			}{
				{"median", func(l *result.Latency) int64 { return l.P50 }},
				{"99th percentile", func(l *result.Latency) int64 { return l.P99 }},
				{"longest", func(l *result.Latency) int64 { return l.Max }},
			} {
				l := Lines{Label: f.label(all) + ": " + q.name, X: arrivalName(name), Y: "time to block", Curves: f.curves(run.Records, blockTime(q.of))}
				l.Curves = withLock(l.Curves, run)
				if len(l.Curves) > 0 {
					lines = append(lines, l)
				}
			}
		}
	}
	return lines
}

// blockTime is a figure of the waits for the block side, in ns.
func blockTime(of func(l *result.Latency) int64) compare.Metric {
	return compare.Metric{Key: "time to block", Unit: "ns", Better: -1, Of: func(r *result.Record) (float64, bool) {
		if r.BlockTime == nil {
			return 0, false
		}
		return float64(of(r.BlockTime)), true
	}}
}

// withLock drops the engines which have no such lock, also where they have only
// notes.
func withLock(lines []Line, run *result.Run) []Line {
	has := make(map[string]bool)
	for i := range run.Records {
		if r := &run.Records[i]; r.BlockTime != nil {
			has[r.Engine] = true
		}
	}
	var kept []Line
	for _, l := range lines {
		if has[l.Engine] {
			kept = append(kept, l)
		}
	}
	return kept
}

// starvation draws how long faults keep a direct writer out, and what is left of
// its writes: the waits alone would not tell a few long ones from many.
func starvation(t theme, engines []string, waits, writes []Lines) *Figure {
	f := lineFigure(t, engines, Figure{
		Name:  "starvation",
		Title: "How long arriving faults keep a direct writer waiting",
		Note: "Time that a direct writer waits for the block side of the pagecache lock, acquisitions without a wait counted as 0, while faults arrive at a given rate. " +
			"Medians over the repetitions with 95 % bands. Lower is better; a hollow glyph at the upper edge starved. Engines without such a lock are left out there; what direct writes complete beside those faults is in the last panel, where raw, which serves no fault, is the ceiling.",
	}, waits, logRateScale, waitScale)
	for _, d := range writes {
		d.Label += ": direct writes"
		f.panels = append(f.panels, d.panel(t, logRateScale, logRateScale))
	}
	f.legend = engineKeys(t, only(engines, enginesOf(append(waits, writes...))), true)
	return f
}

// enginesOf is who has a curve.
func enginesOf(data []Lines) map[string]bool {
	shown := make(map[string]bool)
	for _, d := range data {
		for _, c := range d.Curves {
			shown[c.Engine] = true
		}
	}
	return shown
}
