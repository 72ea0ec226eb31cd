package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// register is the specification for porcupine: a cell, whose writes may be
// void if the history says so.
var register = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{^uint64(0)} },
	Step: func(state, input, output any) []any {
		o := input.(Op)
		switch {
		case o.Write && o.Maybe:
			return []any{state, o.Value}
		case o.Write:
			return []any{o.Value}
		case state == o.Value:
			return []any{state}
		}
		return nil
	},
}).ToModel()

func porcupineSays(t *testing.T, ops []Op) bool {
	var events []porcupine.Operation
	for i, o := range ops {
		events = append(events, porcupine.Operation{ClientId: i, Input: o, Call: o.Start, Return: o.End})
	}
	r := porcupine.CheckOperationsTimeout(register, events, time.Minute)
	if r == porcupine.Unknown {
		t.Fatal("porcupine took too long")
	}
	return r == porcupine.Ok
}

// shape is what kind of histories random makes.
type shape struct {
	ops   int
	zeros float64 // of the writes, that write zero
	maybe float64 // of the writes, that may not have happened
	open  float64 // of those, that did not return
	wild  float64 // of the reads, that return any value at all
	long  int64   // the longest operation
}

// random makes a history that is in order but for the wild reads: operations
// take effect at a random moment between their start and end. Ticks are
// unique.
func random(rng *rand.Rand, s shape) []Op {
	type event struct {
		Op
		at int64
	}
	var events []event
	next := uint64(1)
	for i := range s.ops {
		start := rng.Int64N(int64(3 * s.ops))
		e := event{Op: Op{Start: start, End: start + 1 + rng.Int64N(s.long), ID: int32(i)}}
		e.at = start + rng.Int64N(e.End-start)
		if e.Write = rng.IntN(2) == 0; e.Write {
			if e.Value = next; rng.Float64() < s.zeros {
				e.Value = 0
			} else {
				next++
			}
			e.Maybe = rng.Float64() < s.maybe
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b event) int { return int(a.at - b.at) })
	ops := []Op{{Start: -2, End: -1, Write: true, ID: int32(s.ops)}}
	var now uint64
	for _, e := range events {
		if e.Write && (!e.Maybe || rng.IntN(2) == 0) {
			now = e.Value
		} else if !e.Write {
			if e.Value = now; rng.Float64() < s.wild {
				e.Value = rng.Uint64N(next)
			}
		}
		if e.Maybe && rng.Float64() < s.open {
			e.End = 1 << 40 // porcupine wants an end; it is after all others
		}
		ops = append(ops, e.Op)
	}
	return untie(ops)
}

// untie makes the ticks unique, starts first where they are the same.
func untie(ops []Op) []Op {
	type tick struct {
		at  int64
		end int
		t   *int64
	}
	var ticks []tick
	for i := range ops {
		ticks = append(ticks, tick{ops[i].Start, 0, &ops[i].Start}, tick{ops[i].End, 1, &ops[i].End})
	}
	slices.SortStableFunc(ticks, func(a, b tick) int { return int(a.at-b.at)*2 + a.end - b.end })
	for i := range ticks {
		*ticks[i].t = int64(i)
	}
	return ops
}

func TestAgainstPorcupine(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]shape{
		"unique":        {ops: 9, wild: 0.3, long: 8},
		"short":         {ops: 9, wild: 0.3, long: 3},
		"long":          {ops: 14, wild: 0.3, long: 20},
		"many":          {ops: 30, wild: 0.05, long: 12},
		"maybe":         {ops: 10, wild: 0.3, maybe: 0.5, open: 0.5, long: 8},
		"zeros":         {ops: 10, wild: 0.3, zeros: 0.5, long: 10},
		"mostly zeros":  {ops: 14, wild: 0.4, zeros: 0.7, long: 8},
		"zeros, maybe":  {ops: 12, wild: 0.3, zeros: 0.5, maybe: 0.5, open: 0.5, long: 10},
		"long and zero": {ops: 14, wild: 0.3, zeros: 0.4, maybe: 0.2, open: 0.5, long: 30},
	}
	n := 1500
	if testing.Short() {
		n = 300
	}
	var c Checker
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			verdicts := map[bool]int{}
			for i := range n {
				ops := random(rng, s)
				want := porcupineSays(t, ops)
				found := c.Check(ops)
				if c.Unknown {
					t.Fatalf("history %d: too many tries", i)
				}
				if (len(found) == 0) != want {
					t.Fatalf("history %d: found %v, in order: %v\n%s", i, found, want, text(ops))
				}
				for _, v := range found {
					checkProof(t, ops, v)
				}
				verdicts[want]++
			}
			if verdicts[true] < n/30 || verdicts[false] < n/30 {
				t.Errorf("verdicts %v: the test is lopsided", verdicts)
			}
		})
	}
}

func text(ops []Op) (s string) {
	for _, o := range ops {
		s += fmt.Sprintf("%+v\n", o)
	}
	return s
}

// checkProof: a violation means what its kind says.
func checkProof(t *testing.T, ops []Op, v Violation) {
	t.Helper()
	op := func(id int32) Op {
		return ops[slices.IndexFunc(ops, func(o Op) bool { return o.ID == id })]
	}
	read, ok := op(v.Read), true
	switch {
	case read.Write:
		ok = false
	case v.Kind == Nowhere:
		ok = !slices.ContainsFunc(ops, func(o Op) bool { return o.Write && o.Value == read.Value })
	case v.Kind == Early:
		ok = read.End < op(v.Wrote).Start
	case v.Kind == Stale:
		ok = op(v.Wrote).End < op(v.Missed).Start && op(v.Missed).End < read.Start && v.Proof == v.Missed
	case v.Kind == Inverted:
		ok = op(v.Wrote).End < op(v.Missed).Start && op(v.Proof).End < read.Start && op(v.Proof).Value == op(v.Missed).Value
	}
	if ok && v.Wrote != None {
		ok = op(v.Wrote).Value == read.Value && op(v.Wrote).Write
	}
	if !ok {
		t.Fatalf("%v proves nothing\n%s", v, text(ops))
	}
}

func TestKinds(t *testing.T) {
	old := Op{Start: -2, End: -1, Value: 1, Write: true, ID: 0}
	w := func(start, end int64) Op { return Op{Start: start, End: end, Value: 2, Write: true, ID: 1} }
	r := func(id int32, start, end int64, value uint64) Op {
		return Op{Start: start, End: end, Value: value, ID: id}
	}
	for _, test := range []struct {
		name string
		ops  []Op
		want []Violation
	}{
		{"in order", []Op{old, w(1, 2), r(2, 3, 4, 2)}, nil},
		{"overlapping", []Op{old, w(1, 5), r(2, 3, 4, 1), r(3, 3, 6, 2)}, nil},
		{"nowhere", []Op{old, r(2, 3, 4, 9)}, []Violation{{Nowhere, 2, None, None, None}}},
		{"early", []Op{old, r(2, 1, 2, 2), w(3, 4)}, []Violation{{Early, 2, 1, None, None}}},
		{"stale", []Op{old, w(1, 2), r(2, 3, 4, 1)}, []Violation{{Stale, 2, 0, 1, 1}}},
		{"lost in flight", []Op{old, w(1, Open), r(2, 2, 3, 2), r(3, 4, 5, 1)}, []Violation{{Inverted, 3, 0, 1, 2}}},
		{"failed, not seen", []Op{old, {Start: 1, End: 2, Value: 2, Write: true, Maybe: true}, r(2, 3, 4, 1)}, nil},
		{"flipped", []Op{w(1, 9), {Start: 2, End: 9, Value: 3, Write: true, ID: 2}, r(3, 3, 4, 2), r(4, 5, 6, 3), r(5, 7, 8, 2)},
			[]Violation{{Flipped, 5, 1, 2, 4}}},
		{"zero again", []Op{{Start: -2, End: -1, Write: true, ID: 9}, w(1, 2), {Start: 3, End: 4, Write: true, ID: 2}, r(3, 5, 6, 0)}, nil},
		{"zero too late", []Op{{Start: -2, End: -1, Write: true, ID: 9}, w(1, 2), r(3, 3, 4, 0), {Start: 5, End: 6, Write: true, ID: 2}},
			[]Violation{{Stale, 3, 9, 1, 1}}},
	} {
		var c Checker
		if got := c.Check(test.ops); !slices.Equal(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// Too many sources for too many reads: no alarm, and it says so. Here each
// zero read needs a source of its own, and there is one too few.
func TestUnknown(t *testing.T) {
	for _, n := range []int64{4, 12} {
		var ops []Op
		for i := range n {
			at := 100 + 10*i
			ops = append(ops,
				Op{Start: i, End: 1000 + i, Write: true, ID: int32(4 * i)},
				Op{Start: at, End: at + 1, Value: 0, ID: int32(4*i + 1)},
				Op{Start: at + 2, End: at + 3, Value: uint64(at), Write: true, ID: int32(4*i + 2)},
				Op{Start: at + 4, End: at + 5, Value: uint64(at), ID: int32(4*i + 3)})
		}
		var c Checker
		if found := c.Check(ops); len(found) > 0 || c.Unknown {
			t.Errorf("%d sources for as many reads: %v, unknown %v", n, found, c.Unknown)
		}
		found := c.Check(ops[1:])
		if c.Unknown != (n == 12) || c.Unknown == (len(found) > 0) {
			t.Errorf("one of %d sources too few: %v, unknown %v", n, found, c.Unknown)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	var c Checker
	ops := random(rand.New(rand.NewPCG(3, 4)), shape{ops: 30, zeros: 0.3, maybe: 0.3, long: 12})
	c.Check(ops)
	if n := testing.AllocsPerRun(100, func() { c.Check(ops) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{6, 12, 1000} {
		b.Run(fmt.Sprintf("ops=%d", n), func(b *testing.B) {
			var c Checker
			ops := random(rand.New(rand.NewPCG(3, 4)), shape{ops: n, long: 12})
			b.ReportAllocs()
			for b.Loop() {
				c.Check(ops)
			}
		})
	}
}
