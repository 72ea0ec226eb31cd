package explore

import (
	"slices"
	"testing"

	"cohbench/core/sched"
)

// window is the two-thread window bug of the classic kind: one thread checks
// and then acts, among much that has nothing to do with it.
func window(d *sched.Determ, p sched.Picker) (bad bool) {
	g := d.Reset(sched.Config{Picker: p, Record: true})
	noise := func(t *sched.Thread) {
		for i := range 20 {
			t.Yield(sched.Loc(1000*(1+t.ID)+i), sched.KindWrite)
		}
	}
	valid := true
	g.Go("checks", func(t *sched.Thread) {
		noise(t)
		t.Yield(1, sched.KindRead)
		ok := valid
		t.Yield(1, sched.KindRead)
		bad = ok != valid
		noise(t)
	})
	g.Go("changes", func(t *sched.Thread) {
		noise(t)
		t.Yield(1, sched.KindWrite)
		valid = false
		noise(t)
	})
	g.Wait()
	return bad
}

func samplers() map[string]Sampler {
	return map[string]Sampler{"random": NewRandom(0), "pct": NewPCT(3, 0), "pos": NewPOS(0)}
}

// The samplers find the window soon, although its steps are few among many,
// do the same for the same seeds, and their records replay.
func TestSamplers(t *testing.T) {
	var d sched.Determ
	defer d.Close()
	hits, again, first := map[string]int{}, map[string]int{}, map[string][]sched.Step{}
	for name, s := range samplers() {
		for seed := range uint64(2000) {
			s.Reset(seed)
			bad := window(&d, s)
			if bad {
				again[name]++
			}
			if seed == 0 {
				first[name] = slices.Clone(d.Trace())
			}
		}
	}
	for name, s := range samplers() {
		for seed := range uint64(2000) {
			s.Reset(seed)
			if window(&d, s) {
				hits[name]++
			}
		}
		s.Forget()
		s.Reset(0)
		if window(&d, s); !slices.Equal(d.Trace(), first[name]) {
			t.Errorf("%s: the first schedule is another one after Forget", name)
		}
		for seed := range uint64(50) {
			r := Recorder{Picker: s}
			s.Reset(seed)
			bad := window(&d, &r)
			trace := slices.Clone(d.Trace())
			replay := sched.Replay{Switches: r.Switches()}
			if window(&d, &replay) != bad || !slices.Equal(d.Trace(), trace) {
				t.Fatalf("%s: seed %d does not replay", name, seed)
			}
		}
	}
	for name, n := range hits {
		if n < 150 || n != again[name] {
			t.Errorf("%s: %d hits in 2000 schedules, and %d", name, n, again[name])
		}
	}
}

func TestSamplersAllocateNothing(t *testing.T) {
	var d sched.Determ
	defer d.Close()
	one := func(th *sched.Thread) { th.Yield(1, sched.KindWrite) }
	for name, s := range samplers() {
		seed := uint64(0)
		run := func() {
			seed++
			s.Reset(seed)
			g := d.Reset(sched.Config{Picker: s})
			g.Go("a", one)
			g.Go("b", one)
			g.Wait()
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
