package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A TaxTable is what pages cost on each MMU, printed.
type TaxTable struct {
	Heads []string
	Rows  []TaxRow
	Notes []string // why figures or intervals are missing
}

// A TaxRow is one operation.
type TaxRow struct {
	Op, Native, Model string
	Cells             []string
}

// newTaxTable lays a tax out; nil if none was measured.
func newTaxTable(tax *result.Tax) *TaxTable {
	if tax == nil || len(tax.Rows) == 0 {
		return nil
	}
	t := &TaxTable{Heads: []string{"per page"}}
	for _, c := range tax.Rows[0].Costs {
		t.Heads = append(t.Heads, c.MMU)
		if c.MMU != result.NativeTables {
			t.Heads = append(t.Heads, c.MMU+"/native")
		}
	}
	for _, r := range tax.Rows {
		row := TaxRow{Op: r.Op, Native: r.Native, Model: r.Model}
		for _, c := range r.Costs {
			row.Cells = append(row.Cells, figure(c.Ns, quantity.Duration))
			if c.MMU != result.NativeTables {
				row.Cells = append(row.Cells, figure(c.Ratio, quantity.Digits))
			}
			t.note(r.Op, c)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// note says why c has no figure or no interval, once for an MMU that can do
// nothing. What the ratio lacks follows from what the time lacks.
func (t *TaxTable) note(op string, c result.Cost) {
	why := cmp.Or(c.Ns.Why, c.Ratio.Why)
	note := fmt.Sprintf("%s on %s: %s", op, c.MMU, why)
	if c.Ns.N == 0 {
		note = fmt.Sprintf("%s: %s", c.MMU, strings.TrimPrefix(why, c.MMU+": "))
	}
	if why != "" && !slices.Contains(t.Notes, note) {
		t.Notes = append(t.Notes, note)
	}
}

// figure prints a median with its interval.
func figure(f result.Figure, print func(float64) string) string {
	switch {
	case f.N == 0:
		return "-"
	case !f.Interval():
		return print(f.Median)
	}
	return fmt.Sprintf("%s [%s, %s]", print(f.Median), print(f.Lo), print(f.Hi))
}

// Tax prints what pages cost on each MMU, no wider than width columns where
// that can be done; 0 means as wide as it likes. Without a measurement it
// prints nothing.
func Tax(w io.Writer, tax *result.Tax, width int) error {
	t := newTaxTable(tax)
	if t == nil {
		return nil
	}
	out := bufio.NewWriter(w)
	if width <= 0 {
		width = 1 << 20
	}
	width = max(width, minWidth)
	table := [][]string{t.Heads}
	for _, r := range t.Rows {
		table = append(table, append([]string{r.Op}, r.Cells...))
	}
	for _, part := range split(table, width) {
		writeTable(out, part)
	}
	paragraph(out, taxLegend, width)
	for _, r := range t.Rows {
		paragraph(out, fmt.Sprintf("%s: native: %s; model: %s", r.Op, r.Native, r.Model), width)
	}
	for _, n := range t.Notes {
		paragraph(out, "note: "+n, width)
	}
	return out.Flush()
}

// taxLegend says how to read the table.
const taxLegend = "Median time per page of 4096 bytes [95 %], over turns which all MMUs take alternately; the ratios are to native in the same turn. " +
	"native is the kernel's own page cache and page tables, on a file in this directory; " +
	"the others are the pages of engine addlock on the MMUs of the models."
