package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"cohbench/core"
	"cohbench/fuzz/prog"
)

// litmusTable is tests as rows and engines as columns.
type litmusTable struct {
	w     io.Writer
	first int // width of the column of names
	color bool
	err   error
}

// glyphs of the verdicts.
var glyphs = map[prog.Verdict]string{
	prog.Never: "-", prog.Sometimes: "~", prog.Always: "#", prog.Deadlocks: "D", prog.Livelocks: "L", prog.Unknown: "?",
}

// cellWidth is what "~ 221/3362 *" needs.
const cellWidth = 12

func newLitmusTable(w io.Writer, tests []*prog.Program, columns []string, o *litmusOptions) (*litmusTable, error) {
	t := &litmusTable{w: w}
	switch o.color {
	case "always":
		t.color = true
	case "auto":
		f, ok := w.(*os.File)
		t.color = ok && term.IsTerminal(int(f.Fd()))
	case "never":
	default:
		return nil, usage(errors.New("--color: want auto, always or never"), "")
	}
	t.first = len("test")
	for _, p := range tests {
		t.first = max(t.first, len(p.Name))
	}
	header := fmt.Sprintf("%-*s", t.first, "test")
	t.printf("schedules with %s on\n", boundText(&o.bound))
	for i, name := range columns {
		t.printf("  %c  %s\n", 'a'+i, name)
		header += fmt.Sprintf("  %-*c", cellWidth, 'a'+i)
	}
	t.printf("\n%s\n", strings.TrimRight(header, " "))
	return t, nil
}

// modelColumns is the headings of models.
func modelColumns(engines []*core.Model) []string {
	var names []string
	for _, e := range engines {
		names = append(names, e.Name())
	}
	return names
}

func boundText(b *bound) string {
	switch *b {
	case -1:
		return "any number of preemptions"
	case 1:
		return "at most 1 preemption"
	}
	return fmt.Sprintf("at most %s preemptions", b)
}

func (t *litmusTable) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// row prints one test.
func (t *litmusTable) row(row []cell) error { return t.rowWith(row[0].test, row, nil) }

// rowWith prints one test on models and on file systems.
func (t *litmusTable) rowWith(p *prog.Program, row []cell, shots []shotRecord) error {
	line := fmt.Sprintf("%-*s", t.first, p.Name)
	for i := range row {
		line += t.paint(fmt.Sprintf("  %-*s", cellWidth, row[i].text()), row[i].hue())
	}
	for i := range shots {
		line += t.paint(fmt.Sprintf("  %-*s", cellWidth, shots[i].text()), shots[i].hue())
	}
	t.printf("%s\n", strings.TrimRight(line, " "))
	return t.err
}

// text is the verdict's glyph, in how many of the schedules it was found, and a
// mark if something else was expected.
func (x *cell) text() string {
	r := x.report
	s := fmt.Sprintf("%s %d/%d", glyphs[r.Verdict], r.Found(), r.Schedules)
	if !r.Complete {
		s += "+"
	}
	if !r.OK() {
		s += " *"
	}
	return s
}

// The colours of a cell.
const (
	red    = "1;31"
	dim    = "2"
	yellow = "33"
)

// hue is red for what is not expected, and dim for "never".
func (x *cell) hue() string {
	switch {
	case !x.report.OK():
		return red
	case x.report.Verdict == prog.Never:
		return dim
	}
	return yellow
}

// paint colours the text of a cell, and leaves the space behind it alone.
func (t *litmusTable) paint(text, hue string) string {
	if !t.color {
		return text
	}
	word := strings.TrimRight(text, " ")
	return "\x1b[" + hue + "m" + word + "\x1b[0m" + text[len(word):]
}

// legend explains the glyphs.
func (t *litmusTable) legend() {
	t.printf("\n- never  ~ sometimes  # always  D deadlock  L livelock  ? unknown: the search was not complete\n" +
		"found/schedules; + not all were tried; * not the verdict that the test expects\n")
}

// kernelLegend explains the columns of file systems.
func (t *litmusTable) kernelLegend() {
	t.printf("\nOn a file system: ! on the first shot, in 95 of 100 or more tries of one order around a direct write that is\n" +
		"held; ~ hits/tries of such an order, or by chance; - 0/runs, of which some were held (3/runs bounds the rate at\n" +
		"95 %%); n/a cannot be asked; > the model of Linux, double-invalidate, never does it; < the model does.\n")
}
