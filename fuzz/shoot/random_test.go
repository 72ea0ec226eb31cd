package shoot

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// TestRandomShots are orders: each operation comes once, those of a task one
// after the other, and something happens in the last window.
func TestRandomShots(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	g := prog.Generator{Rand: rng}
	stops, without := [3]int{}, 0
	for i := range 2000 {
		if i%16 == 0 {
			g.Swarm()
		}
		p := g.Program()
		s := RandomShot(p, rng)
		if s == nil {
			without++
			continue
		}
		stops[s.Stops]++
		if !s.Fits(p) || !(&enumeration{p: p, shot: *s}).aimed() {
			t.Fatalf("%s is no order of\n%v", s.Text(p), p)
		}
		next, fills := make([]int, len(p.Tasks)), 0
		for _, e := range s.Order {
			switch {
			case e.Fill:
				fills++
				if next[s.Held.Task] != s.Held.Op+1 {
					t.Fatalf("%s: filled outside of the held write", s.Text(p))
				}
			case e.Op.Op != next[e.Op.Task]:
				t.Fatalf("%s: not in the order of the task", s.Text(p))
			default:
				next[e.Op.Task]++
			}
		}
		if fills != s.Stops {
			t.Fatalf("%s: %d fills", s.Text(p), fills)
		}
	}
	if stops[1] == 0 || stops[2] == 0 || without > 1500 {
		t.Errorf("%d with one stop, %d with two, none for %d", stops[1], stops[2], without)
	}
}

func TestShotWithout(t *testing.T) {
	p := parse(t, "file A 1 page\ntask w: load A[0]; dwrite A[0]; load A[0]\ntask s: store A[0]; store A[0]+8\n")
	shots, _ := Shots(p)
	for _, gone := range []exec.OpRef{{Task: 0, Op: 0}, {Task: 0, Op: 2}, {Task: 1, Op: 0}} {
		q := p.Clone()
		ops := &q.Tasks[gone.Task].Ops
		*ops = slices.Delete(*ops, gone.Op, gone.Op+1)
		for i := range shots {
			if s := shots[i].Without(gone); !s.Fits(q) || s.Fits(p) {
				t.Errorf("%s without %v: %v", shots[i].Text(p), gone, *s)
			}
		}
	}
}
