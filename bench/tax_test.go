package bench

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core/mmu"
)

func TestTax(t *testing.T) {
	dir := t.TempDir()
	tax, err := MeasureTax(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(tax.Rows) != len(taxOps) {
		t.Fatalf("%d rows", len(tax.Rows))
	}
	for _, row := range tax.Rows {
		if len(row.Costs) != 1+len(mmu.Kinds()) || row.Costs[0].MMU != result.NativeTables || row.Costs[1].MMU != "soft" {
			t.Fatalf("%s: columns %v", row.Op, row.Costs)
		}
		for _, c := range row.Costs {
			if c.Ns.N == 0 && c.Ns.Why == "" {
				t.Errorf("%s on %s: neither a figure nor a reason", row.Op, c.MMU)
			}
			t.Logf("%s on %s: %.0f ns [%.0f, %.0f], %.2f of native, %d turns %s", row.Op, c.MMU, c.Ns.Median, c.Ns.Lo, c.Ns.Hi, c.Ratio.Median, c.Ns.N, c.Ns.Why)
		}
	}
	// A page read from a disk takes longer than one that is only mapped.
	if fault, refault := tax.Rows[0].Costs[1].Ns.Median, tax.Rows[1].Costs[1].Ns.Median; refault < 2*fault {
		t.Errorf("soft: a fault takes %.0f ns, with the disk %.0f", fault, refault)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTaxNeedsAPlace(t *testing.T) {
	if _, err := MeasureTax(t.TempDir() + "/missing"); err == nil {
		t.Error("measured nowhere")
	}
}

// slowPages is a subject with a duration for each step.
type slowPages struct {
	touch time.Duration
	gone  error
}

func (p slowPages) Touch([]int64) error  { time.Sleep(p.touch); return nil }
func (p slowPages) Unmap([]int64) error  { return nil }
func (p slowPages) Evict([]int64) error  { return nil }
func (p slowPages) Gone([]int64) error   { return p.gone }
func (p slowPages) Pin(int64, int) error { return errors.New("no pins here") }
func (p slowPages) Unpin() error         { return nil }
func (p slowPages) Close() error         { return nil }

// One MMU that fails keeps no other from being measured, and the reason is in
// its cells; what is slow has few turns, and says so.
func TestTaxRow(t *testing.T) {
	columns := []taxColumn{
		{name: result.NativeTables, subject: slowPages{touch: 16 * time.Millisecond}},
		{name: "none", err: errors.New("no such MMU")},
		{name: "stays", subject: slowPages{gone: errors.New("it stays")}},
	}
	row := taxOps[0].row(columns)
	native, none, stays := row.Costs[0], row.Costs[1], row.Costs[2]
	if native.Ns.Median < 1e6 || native.Ns.Interval() || !strings.Contains(native.Ns.Why, "no interval") || native.Ns.N >= compare.MinReps {
		t.Errorf("a slow subject: %+v", native.Ns)
	}
	if none.Ns.Why != "no such MMU" || none.Ns.N != 0 {
		t.Errorf("a missing MMU: %+v", none)
	}
	if stays.Ns.N != native.Ns.N || stays.Ratio.Why == "" {
		t.Errorf("beside slow ones: %+v", stays)
	}
	if row := taxOps[2].row(columns[2:]); row.Costs[0].Ns.Why != "it stays" {
		t.Errorf("pages that stay: %+v", row.Costs[0])
	}
	if row := taxOps[3].row(columns[2:]); row.Costs[0].Ns.Why != "no pins here" {
		t.Errorf("pages that cannot be pinned: %+v", row.Costs[0])
	}
}
