package shoot

import (
	"errors"
	"testing"

	"cohbench/core/mmu"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

func TestShots(t *testing.T) {
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"file A 2 pages\ntask w: dwrite A[0]\ntask s: store A[0]+8", []string{
			"w.1 (dwrite) [ s.1 (store) ]",
			"w.1 (dwrite) [ | s.1 (store) ]",
		}},
		// What lies behind the write is somebody else's: it cannot go on there.
		{"file A 2 pages\ntask w: dwrite A[0]; sync A\ntask s: store A[1]", []string{
			"w.1 (dwrite) [ s.1 (store) ] w.2 (sync)",
		}},
		{"file A 2 pages\ntask w: dwrite A[0] from A[1]\ntask s: dwrite A[0]+0:512", []string{
			"s.1 (dwrite) [ w.1 (dwrite) ]",
		}},
		{"file A 1 page\ntask w: dwrite A[0]+0:512\ntask s: store A[0]+512", []string{
			"w.1 (dwrite) [ s.1 (store) ]",
		}},
	} {
		p := parse(t, c.src)
		shots, all := Shots(p)
		if len(shots) != len(c.want) || !all {
			t.Errorf("%s: %d orders, want %d", c.src, len(shots), len(c.want))
			continue
		}
		for i := range shots {
			if text := shots[i].Text(p); text != c.want[i] {
				t.Errorf("%s: order %s, want %s", c.src, text, c.want[i])
			}
		}
	}
}

// TestShotsAreBounded on a program with more orders than anybody waits for.
func TestShotsAreBounded(t *testing.T) {
	p := parse(t, "file A 1 page\ntask w: dwrite A[0]; load A[0]\ntask s: load A[0]; load A[0]; load A[0]; load A[0]\ntask r: load A[0]; load A[0]; load A[0]; load A[0]")
	if shots, all := Shots(p); len(shots) != MaxShots || all {
		t.Errorf("%d orders, all: %t", len(shots), all)
	}
}

func TestStretched(t *testing.T) {
	p := parse(t, "file A 2 pages holes 0:2\ntask w: dwrite A[0]\ntask s: store A[0]")
	q := stretched(p, exec.OpRef{})
	if q.Tasks[0].Ops[0].Len != mmu.StopperSize || q.Files[0].Size != mmu.StopperSize || !q.Files[0].InHole(q.Files[0].Pages()-1) {
		t.Errorf("%s", q)
	}
	if p.Tasks[0].Ops[0].Len != prog.PageSize || p.Files[0].Pages() != 2 || len(p.Files[0].Holes) != 1 {
		t.Errorf("the program itself has changed: %s", p)
	}
}

func TestFits(t *testing.T) {
	for src, variant := range map[string]bool{
		"file A 1 page\noptions pins-busy\ntask t: sync A":               true,
		"file A 1 page\noptions dirty-after-copy\ntask t: sync A":        false,
		"file A 1 page\nfile B 1 page on 1\ntask t: sync A; sync B":      false,
		"file A 1 page on 2\nfile B 1 page on 2\ntask t: sync A; sync B": false,
	} {
		err := Fits(parse(t, src))
		if errors.Is(err, ErrOptions) != variant {
			t.Errorf("%s: %v", src, err)
		}
	}
	if Fits(parse(t, "file A 1 page\ntask t: sync A\nfind lost or convoy")) == nil {
		t.Error("who waits for whom can be seen")
	}
	if Fits(parse(t, "file A 1 page\nfile B 1 page on 1\ntask t: sync A; sync B")) == nil {
		t.Error("two file systems are not refused")
	}
}
