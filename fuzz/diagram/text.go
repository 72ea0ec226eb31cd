package diagram

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columnWidth is the most that a task's column takes; longer lines are broken.
const columnWidth = 38

// Text draws in characters: time runs down, o begins an operation, a bar goes
// on with it, * ends it, and an arrow points at what is wrong.
func (d *Diagram) Text(w io.Writer) error {
	t := &textTable{w: w, d: d}
	t.measure()
	t.header()
	busy := make([]bool, len(d.Tasks))
	last := d.First
	for i := range d.Rows {
		t.row(&d.Rows[i], busy, last)
		last = d.Rows[i].State
	}
	for _, n := range d.Notes {
		t.printf("%s\n", n)
	}
	return t.err
}

type textTable struct {
	w      io.Writer
	d      *Diagram
	tasks  []int // widths
	states []int
	err    error
}

func (t *textTable) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// measure finds how wide the columns are.
func (t *textTable) measure() {
	for _, name := range t.d.Tasks {
		t.tasks = append(t.tasks, utf8.RuneCountInString(name))
	}
	for i, name := range t.d.State {
		n := utf8.RuneCountInString(name)
		if i < len(t.d.First) {
			n = max(n, utf8.RuneCountInString(t.d.First[i]))
		}
		t.states = append(t.states, n)
	}
	for i := range t.d.Rows {
		r := &t.d.Rows[i]
		for _, line := range r.broken() {
			t.tasks[r.Task] = max(t.tasks[r.Task], utf8.RuneCountInString(line))
		}
		for j, s := range r.State {
			t.states[j] = max(t.states[j], utf8.RuneCountInString(s))
		}
	}
}

// broken is the lines of a row, none wider than a column.
func (r *Row) broken() []string {
	var list []string
	for _, line := range r.Lines {
		list = append(list, wrap(line, columnWidth)...)
	}
	if r.Mark != "" {
		list = append(list, wrap("<== "+r.Mark, columnWidth)...)
	}
	return list
}

// wrap breaks a line between words. What is broken off is indented.
func wrap(line string, width int) []string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	var list []string
	now := ""
	for _, word := range strings.Fields(line) {
		switch {
		case now == "":
			now = indent + word
		case utf8.RuneCountInString(now)+1+utf8.RuneCountInString(word) <= width:
			now += " " + word
		default:
			list = append(list, now)
			now = indent + "  " + word
		}
	}
	return append(list, now)
}

func (t *textTable) header() {
	names, first := " step ", "      "
	for i, name := range t.d.Tasks {
		names += "  " + pad(name, t.tasks[i]+2)
		first += "  " + pad("", t.tasks[i]+2)
	}
	for i, name := range t.d.State {
		names += "  " + pad(name, t.states[i])
		first += "  " + pad(t.d.First[i], t.states[i])
	}
	t.printf("%s\n\n%s\n", t.d.Title, strings.TrimRight(names, " "))
	if len(t.d.State) > 0 {
		t.printf("%s\n", strings.TrimRight(first, " "))
	}
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// row prints a row: as many lines as it has, the state on the first of them,
// where it changed.
func (t *textTable) row(r *Row, busy []bool, last []string) {
	for k, line := range r.broken() {
		number := ""
		if k == 0 {
			number = fmt.Sprint(r.Step)
		}
		out := fmt.Sprintf("%5s ", number)
		for i := range t.d.Tasks {
			text := ""
			if i == r.Task {
				text = line
			}
			out += "  " + bar(r, i, k, busy[i]) + " " + pad(text, t.tasks[i])
		}
		if k == 0 {
			out += t.state(r, last)
		}
		t.printf("%s\n", strings.TrimRight(out, " "))
		if k == 0 && r.Begin {
			busy[r.Task] = true
		}
	}
	if r.End {
		busy[r.Task] = false
	}
}

// bar is what stands before a task's text in line k of a row.
func bar(r *Row, task, k int, busy bool) string {
	switch {
	case task == r.Task && k == 0 && r.Begin:
		return "o"
	case task == r.Task && k == 0 && r.End:
		return "*"
	case busy:
		return "|"
	}
	return " "
}

func (t *textTable) state(r *Row, last []string) string {
	out := ""
	for j, s := range r.State {
		if j < len(last) && last[j] == s {
			s = "."
		}
		out += "  " + pad(s, t.states[j])
	}
	return out
}
