package prog

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// checkForms: a program is kept by both of its forms.
func checkForms(t *testing.T, p *Program) {
	t.Helper()
	data, err := p.Encode()
	if err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	if again := Decode(data).String(); again != p.String() {
		t.Fatalf("%v\ncomes back from the binary form as\n%s", p, again)
	}
	again, err := Parse("fuzzed.coh", []byte(p.String()))
	if err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	if again.String() != p.String() {
		t.Fatalf("%v\ncomes back from the text form as\n%v", p, again)
	}
}

// TestGenerate: what is made and mutated can be written down, is within the
// limits, and all kinds of operations are among it.
func TestGenerate(t *testing.T) {
	for _, wild := range []bool{false, true} {
		g := &Generator{Rand: rand.New(rand.NewPCG(1, 2)), Wild: wild}
		var seen [NumKinds]int
		last := g.Program()
		for i := range 4000 {
			if i%16 == 0 {
				g.Swarm()
			}
			p := g.Program()
			if i%2 == 0 {
				p = g.Mutate(last, p)
			}
			checkForms(t, p)
			if n := p.Size(); n < 1 || n > 12 || len(p.Tasks) > 3 || len(p.Files) > 2 {
				t.Fatalf("beyond the limits:\n%v", p)
			}
			p.eachOp(func(o *Op) { seen[o.Kind]++ })
			if q := p.Clone(); !wild {
				if q.Tame(); !reflect.DeepEqual(p, q) {
					t.Fatalf("not tame:\n%v", p)
				}
			}
			last = p
		}
		for k, n := range seen {
			if tame := Kind(k) != Splice && Kind(k) != Reflink; (n > 0) != (wild || tame) {
				t.Errorf("wild %v: %d operations %v", wild, n, Kind(k))
			}
		}
	}
}

// TestGenerateAgain: the seed decides.
func TestGenerateAgain(t *testing.T) {
	var all [2]string
	for i := range all {
		g := &Generator{Rand: rand.New(rand.NewPCG(7, 7))}
		p := g.Program()
		for range 50 {
			p = g.Mutate(p, g.Program())
			all[i] += p.String()
		}
	}
	if all[0] != all[1] {
		t.Error("the same seed makes other programs")
	}
}

// TestMinimise: what is not needed goes, whatever it is.
func TestMinimise(t *testing.T) {
	const text = `file A 3 pages holes 2 resident 0 dirty 1
file B 7680 bytes on 1
file C 2 pages
options sectors, max-pin 2
task s: sync A; load B[0]
task t: read C[0]; dwrite C[1:3] from A[0]; copyin B[1]+8:64
task u with t: copyin C[1]; store B[0]; evict C
schedule t +5 u +7 t +0 s
`
	const want = "file C 1 page\ntask t: dwrite C[0]\ntask u: store C[0]\nschedule t +5 u\n"
	p, err := Parse("fuzzed.coh", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	keep := func(q *Program) bool {
		tried++
		if _, err := q.Encode(); err != nil {
			t.Fatal(err)
		}
		// A direct write and a mapped store of one page, by different tasks, and
		// a switch from the one to the other.
		for i := range q.Tasks {
			for j := range q.Tasks {
				if i != j && meets(&q.Tasks[i], &q.Tasks[j]) {
					return len(q.Schedule) > 1 && q.Schedule[0].To == i && q.Schedule[1].To == j
				}
			}
		}
		return false
	}
	least := MinimiseSchedule(Minimise(p, keep), keep)
	if least.String() != want {
		t.Errorf("got\n%v\nwant\n%s", least, want)
	}
	if tried > 200 {
		t.Errorf("%d programs were tried", tried)
	}
	if p.String() != text {
		t.Errorf("the program itself has become\n%v", p)
	}
}

// meets reports whether t writes directly what u stores to.
func meets(t, u *Task) bool {
	for i := range t.Ops {
		for j := range u.Ops {
			w, s := &t.Ops[i], &u.Ops[j]
			if w.Kind == WriteDirect && (s.Kind == CopyIn || s.Kind == Store) && w.File == s.File && w.Off/PageSize == s.Off/PageSize {
				return true
			}
		}
	}
	return false
}
