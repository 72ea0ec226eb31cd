package oracle

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// linHistory is the history of one cell, as far as somebody can tell: writes
// that completed or were seen, and some of the reads.
type linHistory struct {
	writes []*simWrite // nil stands for the initial contents, and is not listed
	reads  []linRead
}

type linRead struct {
	value      *simWrite // nil: zero
	start, end int64
}

// linHistory keeps the reads that keep says, of cell 0.
func (s *sim) linHistory(keep func(*simRead) bool) linHistory {
	var h linHistory
	seen := map[*simWrite]bool{}
	for _, r := range s.reads {
		if c := r.cells[0]; keep(r) && !c.isPlanted {
			h.reads = append(h.reads, linRead{c.value, r.start, r.end})
			seen[c.value] = true
		}
	}
	for _, w := range s.writes {
		if w.ok || seen[w] || w.zero {
			h.writes = append(h.writes, w)
		}
	}
	return h
}

// zonesLegal decides by Gibbons and Korach whether a history of unique values
// is linearizable. The operations of one value span a zone, from the first end
// to the last start: forward if it runs that way, backward otherwise.
func (h *linHistory) zonesLegal() bool {
	type zone struct{ lo, hi int64 } // hi < lo: backward
	zones := map[*simWrite]zone{nil: {-1, -2}}
	for _, w := range h.writes {
		zones[w] = zone{w.done(), w.start}
	}
	for _, r := range h.reads {
		z, ok := zones[r.value]
		if !ok || r.value != nil && r.end < r.value.start {
			return false
		}
		zones[r.value] = zone{min(z.lo, r.end), max(z.hi, r.start)}
	}
	for v, a := range zones {
		for w, b := range zones {
			// Two forward zones that overlap, or a backward one inside a forward one.
			if v != w && a.lo < a.hi && a.lo < b.hi && b.lo < a.hi {
				return false
			}
		}
	}
	return true
}

type linInput struct {
	write bool
	value uint64
}

var register = porcupine.Model{
	Init: func() any { return uint64(0) },
	Step: func(state, in, out any) (bool, any) {
		if in := in.(linInput); in.write {
			return true, in.value
		}
		return out == state, state
	},
}

// porcupine decides the same by search.
func (h *linHistory) porcupine() porcupine.CheckResult {
	value := func(w *simWrite) uint64 {
		if w == nil || w.zero {
			return 0
		}
		return uint64(w.id)
	}
	var ops []porcupine.Operation
	for _, w := range h.writes {
		ops = append(ops, porcupine.Operation{Input: linInput{true, value(w)}, Call: w.start, Return: w.done()})
	}
	for _, r := range h.reads {
		ops = append(ops, porcupine.Operation{Input: linInput{}, Output: value(r.value), Call: r.start, Return: r.end})
	}
	return porcupine.CheckOperationsTimeout(register, ops, time.Second)
}

var oneCell = simConfig{cells: 1, block: 1, writers: 3, readers: 3}

func runSim(t *testing.T, cfg simConfig, seed uint64, steps int) *sim {
	t.Helper()
	s := newSim(cfg, sound, rand.New(rand.NewPCG(seed, 2)).IntN)
	if err := s.run(steps); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return s
}

// TestZones tests the exact checker of whole histories against porcupine's
// search, on all reads of a history and on those that the oracle let pass.
func TestZones(t *testing.T) {
	cfg := oneCell
	cfg.noZeroing = true
	var legal, illegal int
	for seed := range uint64(400) {
		s := runSim(t, cfg, seed, 60)
		for _, keep := range []func(*simRead) bool{
			func(*simRead) bool { return true },
			func(r *simRead) bool { return r.cells[0].verdict == numKinds },
		} {
			h := s.linHistory(keep)
			want := h.porcupine()
			switch got := h.zonesLegal(); {
			case want == porcupine.Unknown:
			case got != (want == porcupine.Ok):
				t.Fatalf("seed %d: zones say %v, porcupine %v", seed, got, want)
			case got:
				legal++
			default:
				illegal++
			}
		}
	}
	if legal < 50 || illegal < 50 {
		t.Errorf("only %d legal and %d illegal histories", legal, illegal)
	}
}

// TestReportsAreIllegal tests the oracle's promise against both checkers: a
// read that it reports has no place in a history, even one that has none but
// the reads which it let pass.
func TestReportsAreIllegal(t *testing.T) {
	decisive := 0 // reports without which the history is legal
	for seed := range uint64(300) {
		cfg := oneCell
		cfg.noZeroing = seed%2 == 0
		s := runSim(t, cfg, seed, 40)
		for _, bad := range s.reads {
			if k := bad.cells[0].verdict; k == numKinds || bad.cells[0].isPlanted {
				continue
			}
			before := func(r *simRead) bool { return r.end < bad.end && r.cells[0].verdict == numKinds }
			clean := s.linHistory(before)
			all := s.linHistory(func(r *simRead) bool { return r == bad || before(r) })
			if all.porcupine() == porcupine.Ok {
				t.Fatalf("seed %d: %+v was reported, but the history is legal", seed, bad)
			}
			if cfg.noZeroing && all.zonesLegal() {
				t.Fatalf("seed %d: %+v was reported, but the zones are legal", seed, bad)
			}
			if clean.porcupine() == porcupine.Ok {
				decisive++
			}
		}
	}
	if decisive < 100 {
		t.Errorf("only %d reports made a legal history illegal", decisive)
	}
}

// TestZonesByHand tests each way in which zones can clash.
func TestZonesByHand(t *testing.T) {
	a, b := &simWrite{id: 1, start: 1, end: 2}, &simWrite{id: 2, start: 3, end: 4}
	wide := &simWrite{id: 3, start: 1, end: 9}
	for name, c := range map[string]struct {
		h     linHistory
		legal bool
	}{
		"in order":         {linHistory{[]*simWrite{a, b}, []linRead{{a, 2, 3}, {b, 5, 6}}}, true},
		"stale":            {linHistory{[]*simWrite{a, b}, []linRead{{a, 5, 6}}}, false},
		"before its write": {linHistory{[]*simWrite{a, b}, []linRead{{b, 1, 2}}}, false},
		"initial":          {linHistory{[]*simWrite{b}, []linRead{{nil, 1, 2}}}, true},
		"initial, stale":   {linHistory{[]*simWrite{b}, []linRead{{nil, 5, 6}}}, false},
		"back and forth":   {linHistory{[]*simWrite{wide, b}, []linRead{{wide, 5, 6}, {b, 7, 8}}}, false},
		"forth":            {linHistory{[]*simWrite{wide, b}, []linRead{{b, 5, 6}, {wide, 7, 8}}}, true},
		"not written":      {linHistory{[]*simWrite{b}, []linRead{{a, 2, 3}}}, false},
	} {
		if got := c.h.zonesLegal(); got != c.legal {
			t.Errorf("%s: legal %v", name, got)
		}
	}
}
