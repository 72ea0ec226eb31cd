package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"cohbench/core/sched"
)

func programs(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// What a reduced search finds is what all schedules show.
func TestReducedFindsAll(t *testing.T) {
	for _, shape := range []struct {
		threads, size, bound int
		spins                bool
		programs             int
	}{
		{2, 4, Unbounded, false, 700},
		{3, 2, Unbounded, false, 300},
		{2, 2, Unbounded, true, 100},
		{2, 5, 2, true, 700},
		{3, 3, 2, true, 300},
		{3, 3, 1, true, 200},
		{3, 4, 0, true, 200},
	} {
		t.Run(fmt.Sprintf("threads=%d/bound=%d/spins=%v", shape.threads, shape.bound, shape.spins), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(shape.threads)))
			var ratios []float64
			var most int
			for i := 0; i < programs(shape.programs) && !t.Failed(); i++ {
				full, reduced := compare(t, randomToy(rng, shape.threads, shape.size, shape.spins), shape.bound, 25_000)
				if full == nil {
					continue // too many schedules for the check
				}
				ratios = append(ratios, float64(full.Schedules)/float64(reduced.Schedules+reduced.Pruned))
				most = max(most, len(full.Outcomes))
			}
			slices.Sort(ratios)
			if n := len(ratios); n < programs(shape.programs)/2 || most < 3 {
				t.Fatalf("%d programs compared, with %d outcomes at most: the test tests little", n, most)
			}
			t.Logf("%d programs, up to %d outcomes; schedules saved: median %.1f times, most %.0f times",
				len(ratios), most, ratios[len(ratios)/2], ratios[len(ratios)-1])
		})
	}
}

// A case that does not announce what it touches has outcomes that are missed,
// and the comparison sees that.
func TestUnannounced(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, bound := range []int{2, Unbounded} {
		missed := false
		for i := 0; i < 300 && !missed; i++ {
			p := randomToy(rng, 2, 4, false)
			own := func() Subject { return &toy{threads: p.threads, silent: true} }
			full := Search(t.Context(), Config{New: own, Bound: bound, Full: true, MaxSteps: 60_000})
			missed = full.Complete && len(Search(t.Context(), Config{New: own, Bound: bound}).Outcomes) < len(full.Outcomes)
		}
		if !missed {
			t.Errorf("bound %d: nothing is missed", bound)
		}
	}
}

// The report is the same for any number of workers, and a witness replays to
// its outcome.
func TestSearchReport(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 30 {
		p := randomToy(rng, 3, 4, true)
		own := func() Subject { return &toy{threads: p.threads} }
		for _, limit := range []int64{0, 20_000} {
			one := Search(t.Context(), Config{New: own, Bound: 2, MaxSteps: limit})
			three := Search(t.Context(), Config{New: own, Bound: 2, MaxSteps: limit, Workers: 3})
			if a, b := fmt.Sprintf("%+v", one), fmt.Sprintf("%+v", three); a != b {
				t.Fatalf("limit %d: with 1 worker %s\nwith 3 %s", limit, a, b)
			}
			checkWitnesses(t, own(), one)
		}
		checkWitnesses(t, own(), Search(t.Context(), Config{New: own, Bound: Unbounded, MaxSteps: 50_000}))
	}
}

func checkWitnesses(t *testing.T, s Subject, r *Report) {
	t.Helper()
	defer closeSubject(s)
	var n int64
	for _, o := range r.Outcomes {
		key, found := s.Run(&sched.Replay{Switches: o.Witness.Switches})
		if key != o.Key || found != o.Found {
			t.Errorf("%+v: the witness replays to %x, %v", o, key, found)
		}
		if r.Bound != Unbounded && o.Witness.Preemptions > r.Bound {
			t.Errorf("%+v: more preemptions than %d", o, r.Bound)
		}
		n += o.Count
	}
	if n != r.Schedules || n == 0 {
		t.Errorf("%d schedules, %d counted", r.Schedules, n)
	}
}

// Each preemption more shows more of what three writes and three reads of one
// variable can do.
func TestBound(t *testing.T) {
	p := &toy{threads: [][]toyOp{make([]toyOp, 3), make([]toyOp, 3)}}
	for i := range p.threads[0] {
		p.threads[0][i].kind = toyWrite
	}
	own := func() Subject { return &toy{threads: p.threads} }
	for i, want := range []int{2, 6, 14} {
		r := Search(t.Context(), Config{New: own, Bound: i})
		if !r.Complete || len(r.Outcomes) != want {
			t.Errorf("bound %d: complete %v, %d outcomes, want %d", i, r.Complete, len(r.Outcomes), want)
		}
	}
	// Each read sees one of four values, never an older one than the read before.
	if r := Search(t.Context(), Config{New: own, Bound: Unbounded}); !r.Complete || len(r.Outcomes) != 20 {
		t.Errorf("unbounded: complete %v, %d outcomes, want 20", r.Complete, len(r.Outcomes))
	}
}

// A search that was cut off says so.
func TestLimit(t *testing.T) {
	p := randomToy(rand.New(rand.NewPCG(9, 9)), 3, 6, false)
	own := func() Subject { return &toy{threads: p.threads} }
	for _, bound := range []int{2, Unbounded} {
		r := Search(t.Context(), Config{New: own, Bound: bound, MaxSteps: 100})
		if r.Complete || r.Schedules == 0 || r.Steps > 10_000 {
			t.Errorf("bound %d: %+v", bound, r)
		}
	}
}

// A search for the first that is looked for ends with it, and has its witness.
func TestFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	ended := 0
	for range 30 {
		p := randomToy(rng, 3, 4, true)
		own := func() Subject { return &toy{threads: p.threads} }
		for _, workers := range []int{1, 3} {
			all, first := Search(t.Context(), Config{New: own, Bound: 2}), Search(t.Context(), Config{New: own, Bound: 2, First: true, Workers: workers})
			if (all.Found() > 0) != (first.Found() > 0) || first.Complete == (all.Found() > 0) {
				t.Fatalf("%d found of all, %d with First, complete: %v", all.Found(), first.Found(), first.Complete)
			}
			if first.Found() > 0 && first.Schedules < all.Schedules {
				ended++
			}
			checkWitnesses(t, own(), first)
		}
	}
	if ended == 0 {
		t.Error("no search ended early")
	}
}
