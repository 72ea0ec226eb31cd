package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// minWidth is the narrowest terminal that Text lays out for.
const minWidth = 40

// Text prints the table of a run, and what was found below it, no wider than width columns where that can
// be done; 0 means as wide as it likes. Columns that do not fit go
// into a second table below, with the engines named again.
func Text(w io.Writer, run *result.Run, width int) error {
	out := bufio.NewWriter(w)
	if width <= 0 {
		width = 1 << 20
	}
	width = max(width, minWidth)
	paragraph(out, Where(&run.Env), width)
	for _, s := range Sections(run) {
		fmt.Fprintln(out)
		s.text(out, width)
	}
	for i, a := range Agreements(run) {
		if i == 0 {
			fmt.Fprintln(out, "\nDo the MMUs agree?")
		}
		paragraph(out, a.Label+": "+a.Text, width)
		for _, l := range a.Lines {
			paragraph(out, "- "+l, width)
		}
	}
	for i, f := range compare.Found(run) {
		if i == 0 {
			fmt.Fprintln(out)
		}
		paragraph(out, "found: "+f, width)
	}
	if !run.Complete() {
		fmt.Fprintln(out)
		paragraph(out, fmt.Sprintf("incomplete: %d of %d planned records", len(run.Records), run.Env.Plan.Records), width)
	}
	return out.Flush()
}

// Where is the environment of a run in a sentence: what a reader must know
// before comparing it with another.
func Where(e *result.Env) string {
	mmu := map[string]string{
		"userfaultfd": "MMU userfaultfd (real page faults)",
		"soft":        "MMU soft (page faults in software)",
		"kernel":      "the kernel's own page faults",
		"none":        "no MMU",

		"soft,userfaultfd": "MMUs soft (page faults in software) and userfaultfd (real ones)",
		"userfaultfd,soft": "MMUs userfaultfd (real page faults) and soft (in software)",
	}[e.MMU]
	io := map[string]string{
		"direct":   "where O_DIRECT is direct",
		"buffered": "WHERE O_DIRECT IS BUFFERED",
	}[e.IO]
	known := e.Schema != 0 // an env.json was read
	return fmt.Sprintf("%s on %s, %s CPUs, %s; %s; %s",
		cmp.Or(e.FileSystem, "unknown file system"), cmp.Or(strings.TrimSpace(e.OS+" "+e.Kernel), "an unknown kernel"), numberOr(e.Cores, "an unknown number of"),
		cmp.Or(io, "where nobody knows whether O_DIRECT is direct"), cmp.Or(mmu, "MMU "+cmp.Or(e.MMU, "unknown")),
		map[bool]string{true: fmt.Sprintf("seed %d", e.Seed), false: "seed unknown"}[known])
}

func numberOr(n int, unknown string) string {
	if n == 0 {
		return unknown
	}
	return strconv.Itoa(n)
}

func (s *Section) text(out io.Writer, width int) {
	fmt.Fprintln(out, s.Label)
	table := [][]string{{"engine", s.Class + "/s", "vs raw [95 %]", "", "p99", "stale/exposure", "lost/exposure", "status"}}
	for _, r := range s.Rows {
		table = append(table, []string{r.Engine, r.Rate, r.Ratio, r.Verdict, r.P99, r.Stale, r.Lost, r.Status})
	}
	for _, part := range layout(table, width) {
		writeTable(out, part)
	}
	paragraph(out, s.AA, width)
	for _, n := range s.Notes {
		paragraph(out, "note: "+n, width)
	}
}

// tableGap separates columns.
const tableGap = "  "

// coherenceColumn is where the figures of speed end.
const coherenceColumn = 5

// layout breaks a table that does not fit between speed and coherence, and
// these as often as needed.
func layout(table [][]string, width int) [][][]string {
	if parts := split(table, width); len(parts) == 1 {
		return parts
	}
	speed, coherence := make([][]string, len(table)), make([][]string, len(table))
	for i, row := range table {
		speed[i] = row[:coherenceColumn]
		coherence[i] = append([]string{row[0]}, row[coherenceColumn:]...)
	}
	return append(split(speed, width), split(coherence, width)...)
}

// split breaks a table into parts which fit the width, each with the first
// column.
func split(table [][]string, width int) [][][]string {
	widths := columnWidths(table)
	var parts [][][]string
	for start := 1; start < len(widths); {
		used, end := widths[0], start
		for end < len(widths) && (end == start || used+len(tableGap)+widths[end] <= width) {
			used += len(tableGap) + widths[end]
			end++
		}
		part := make([][]string, len(table))
		for i, row := range table {
			part[i] = append([]string{row[0]}, row[start:end]...)
		}
		parts = append(parts, part)
		start = end
	}
	return parts
}

func columnWidths(table [][]string) []int {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func writeTable(out io.Writer, table [][]string) {
	widths := columnWidths(table)
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(tableGap)
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			line.WriteString(cell + pad)
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// paragraph prints words, broken at the width.
func paragraph(out io.Writer, text string, width int) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			fmt.Fprintln(out, line)
			line = "  " + word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(out, line)
}
