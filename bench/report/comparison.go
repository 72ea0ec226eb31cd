package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
)

// Comparison prints matches, a table each, no wider than width columns where
// that can be done; 0 means as wide as it likes.
func Comparison(w io.Writer, matches []compare.Match, width int) error {
	out := bufio.NewWriter(w)
	if width <= 0 {
		width = 1 << 20
	}
	width = max(width, minWidth)
	var notes []string
	labels := compare.Labels(matches)
	for i := range matches {
		m := &matches[i]
		if i > 0 {
			fmt.Fprintln(out)
		}
		paragraph(out, title(m, labels[i]), width)
		for _, part := range split(comparisonTable(m), width) {
			writeTable(out, part)
		}
		for _, n := range m.Notes {
			paragraph(out, "note: "+n, width)
		}
		notes = addNotes(notes, m)
	}
	for i, n := range notes {
		if i == 0 {
			fmt.Fprintln(out)
		}
		paragraph(out, n, width)
	}
	return out.Flush()
}

// title says what is compared with what, and how.
func title(m *compare.Match, label string) string {
	if m.Paired {
		return fmt.Sprintf("%s: base %s, new %s, in %s, %d pairs", label, m.Base.Engine, m.New.Engine, m.New.Run.Dir, min(m.BaseReps, m.NReps))
	}
	return fmt.Sprintf("%s: base %s, new %s, %d and %d repetitions", label, m.Base, m.New, m.BaseReps, m.NReps)
}

func comparisonTable(m *compare.Match) [][]string {
	table := [][]string{{"", "base", "new", "new/base [95 %]", "A/A", ""}}
	for _, r := range m.Rows {
		print := printer(r.Unit)
		table = append(table, []string{
			r.Name(), estimate(r.Base, print), estimate(r.New, print), fineRatio(r.Ratio), noise(r.AA), Judged(r),
		})
	}
	for _, c := range m.Counts {
		if c.Base.None != "" && c.New.None != "" {
			continue
		}
		table = append(table, []string{c.Key, short(c.Base), short(c.New), fmt.Sprintf("of %s and %s exposures", quantity.Short(c.Base.Trials), quantity.Short(c.New.Trials)), "", judgedCount(c)})
	}
	return table
}

// printer prints figures of a unit.
func printer(unit string) func(float64) string {
	switch unit {
	case "ns", "ns/op":
		return quantity.Duration
	case "ops/s":
		return func(v float64) string { return quantity.SI(v) + "/s" }
	}
	return quantity.Digits
}

// fineRatio prints a ratio so that one per cent can be told from two.
func fineRatio(r compare.Ratio) string {
	if r.Refused != "" {
		return "-"
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", r.Center, r.Lo, r.Hi)
}

// noise prints how far two identical engines are apart.
func noise(aa compare.Ratio) string {
	if aa.Refused != "" {
		return "-"
	}
	return fmt.Sprintf("±%.1f %%", 100*(math.Exp(aa.Noise())-1))
}

// Judged is what may be said of one metric in a word or two.
func Judged(r compare.Row) string {
	v := r.Verdict()
	switch {
	case r.Base.N == 0 && r.New.N > 0:
		return "only in new"
	case r.Base.N > 0 && r.New.N == 0:
		return "only in base"
	case v == compare.Different && r.Improved():
		return "better"
	case v == compare.Different:
		return "WORSE"
	case v == compare.Alike:
		return "no difference"
	}
	return string(v)
}

func judgedCount(c compare.Count) string {
	switch v := c.Verdict(); {
	case v == compare.Different && c.New.Value > c.Base.Value:
		return "WORSE"
	case v == compare.Different:
		return "better"
	case v == compare.Alike:
		return "no difference"
	default:
		return string(v)
	}
}

// short prints a chance without its interval.
func short(c compare.Chance) string {
	switch {
	case c.None != "":
		return "-"
	case c.Bound():
		return "<" + quantity.Scientific(c.Hi)
	}
	return quantity.Scientific(c.Value)
}

// addNotes collects what is said once for all matches.
func addNotes(notes []string, m *compare.Match) []string {
	add := func(n string) {
		if !slices.Contains(notes, n) {
			notes = append(notes, n)
		}
	}
	for _, r := range m.Rows {
		if r.Ratio.Refused != "" && r.Base.N > 0 && r.New.N > 0 {
			add("not compared: " + r.Ratio.Refused)
		}
		for _, w := range r.Ratio.Warnings {
			add("note: " + w)
		}
		if r.AA.Refused != "" && r.Base.N > 0 && r.Class == m.Rows[0].Class {
			add("A/A of " + r.Class + ": none (" + r.AA.Refused + "); its own interval decides whether a ratio is a difference")
		}
	}
	if !m.Paired {
		add("note: the runs were made one after the other: what changed on the machine between them is in every ratio, and in no A/A; one run with both engines has it in neither")
	}
	return notes
}
