package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

//go:embed matrix.html.tmpl
var matrixPage string

// MatrixText prints a matrix as one table: of how many rounds which share
// showed what. env is of any of the runs, which were made on one machine.
func MatrixText(w io.Writer, m *compare.Matrix, env *result.Env, width int) error {
	out := bufio.NewWriter(w)
	if width <= 0 {
		width = 1 << 20
	}
	width = max(width, minWidth)
	paragraph(out, matrixHead(env), width)
	fmt.Fprintln(out)
	table := [][]string{{"file system", "direct IO"}}
	for _, c := range m.Columns {
		table[0] = append(table[0], c.Name)
	}
	for _, r := range m.Rows {
		line := []string{r.Name, r.IO}
		for _, c := range r.Cells {
			line = append(line, share(c))
		}
		table = append(table, line)
	}
	for _, part := range split(table, width) {
		writeTable(out, part)
	}
	for _, r := range m.Rows {
		if len(r.Failed) > 0 {
			paragraph(out, r.Name+": not ok: "+strings.Join(r.Failed, ", "), width)
		}
	}
	return out.Flush()
}

func matrixHead(env *result.Env) string {
	return fmt.Sprintf("%s %s, %d CPUs. Rounds in which something was found, of all rounds, with 95 %% intervals; where none, the bound 3/N.",
		env.OS, env.Kernel, env.Cores)
}

// share prints rounds of rounds.
func share(c compare.Chance) string {
	percent := func(v float64) string { return quantity.Digits(100 * v) }
	switch {
	case c.None != "":
		return "-"
	case c.Bound():
		return fmt.Sprintf("0/%d <%s %%", c.Trials, percent(c.Hi))
	}
	return fmt.Sprintf("%d/%d %s %% [%s, %s]", c.Events, c.Trials, percent(c.Value), percent(c.Lo), percent(c.Hi))
}

// MatrixHTML writes a matrix as a page of its own. Plots stand below the table.
func MatrixHTML(w io.Writer, m *compare.Matrix, env *result.Env, plots []Plot) error {
	v := matrixView{Style: template.CSS(style), Head: matrixHead(env), Columns: m.Columns}
	for _, r := range m.Rows {
		row := matrixViewRow{Name: r.Name, IO: r.IO, Failed: r.Failed}
		for i, c := range r.Cells {
			row.Cells = append(row.Cells, matrixCell{share(c), shade(c), m.Columns[i].Control && c.Events > 0})
		}
		v.Rows = append(v.Rows, row)
	}
	for _, p := range plots {
		v.Plots = append(v.Plots, picture{Name: p.Name, Title: p.Title, SVG: inline(p.SVG)})
	}
	return execute(w, "matrix", matrixPage, v)
}

type matrixView struct {
	Style   template.CSS
	Head    string
	Columns []compare.MatrixColumn
	Rows    []matrixViewRow
	Plots   []picture
}

type matrixViewRow struct {
	Name, IO string
	Cells    []matrixCell
	Failed   []string
}

// matrixCell is a share, how strong its colour is, and whether it should not be.
type matrixCell struct {
	Text  string
	Shade template.CSS
	Alarm bool
}

// shade is a background for a share: none without an event, so that a bound is
// not taken for a rate.
func shade(c compare.Chance) template.CSS {
	if c.Events == 0 {
		return ""
	}
	return template.CSS("background: rgba(204, 68, 51, " + quantity.Digits(0.15+0.55*min(c.Value, 1)) + ")")
}
