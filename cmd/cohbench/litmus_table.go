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

func newLitmusTable(w io.Writer, tests []*prog.Program, engines []*core.Model, o *litmusOptions) (*litmusTable, error) {
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
	for i, e := range engines {
		t.printf("  %c  %s\n", 'a'+i, e.Name())
		header += fmt.Sprintf("  %-*c", cellWidth, 'a'+i)
	}
	t.printf("\n%s\n", strings.TrimRight(header, " "))
	return t, nil
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
func (t *litmusTable) row(row []cell) error {
	t.printf("%-*s", t.first, row[0].test.Name)
	for i := range row {
		text := fmt.Sprintf("  %-*s", cellWidth, row[i].text())
		if i == len(row)-1 {
			text = strings.TrimRight(text, " ")
		}
		t.printf("%s", t.paint(text, &row[i]))
	}
	t.printf("\n")
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

// paint is red for what is not expected, and dim for "never".
func (t *litmusTable) paint(text string, x *cell) string {
	switch {
	case !t.color:
		return text
	case !x.report.OK():
		return "\x1b[1;31m" + text + "\x1b[0m"
	case x.report.Verdict == prog.Never:
		return "\x1b[2m" + text + "\x1b[0m"
	}
	return "\x1b[33m" + text + "\x1b[0m"
}

// legend explains the glyphs.
func (t *litmusTable) legend() {
	t.printf("\n- never  ~ sometimes  # always  D deadlock  L livelock  ? unknown: the search was not complete\n" +
		"found/schedules; + not all were tried; * not the verdict that the test expects\n")
}
