package explore

import (
	"math/rand/v2"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// class is the same for two schedules that differ by the order of steps which
// commute: it is made of every step, and of which come before it.
func (r *reduced) class() (sum uint64) {
	r.seal(r.race)
	for k := range r.n {
		h := uint64(r.thread[k])<<32 | uint64(r.place[k])
		for _, n := range r.clock[k] {
			h = (h ^ uint64(n)) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
		sum += h * 0xbf58476d1ce4e5b9
	}
	return sum
}

// duplicates plays a reduced search, and says how many schedules it played, how
// many in vain, and how many to the end though they were equal to another.
func duplicates(s Subject, limit int) (schedules, vain, twice int) {
	defer closeSubject(s)
	r, classes := &reduced{}, map[uint64]bool{}
	for more := true; more && schedules+vain < limit; more = r.backtrack() {
		r.begin()
		s.Run(r)
		if r.pruned {
			vain++
			continue
		}
		schedules++
		if c := r.class(); classes[c] {
			twice++
		} else {
			classes[c] = true
		}
	}
	return schedules, vain, twice
}

// TestReducedPlaysEachOnce: a reduced search plays no schedule that differs from
// another only by the order of steps which commute, and begins few in vain. So
// what it plays is needed, as long as no more steps are known to commute.
func TestReducedPlaysEachOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	var all, vain int
	for range programs(300) {
		p := randomToy(rng, 3, 4, true)
		n, v, twice := duplicates(p, 1_000)
		if all, vain = all+n, vain+v; twice > 0 {
			t.Fatalf("%d of %d schedules are equal to others:\n%s", twice, n, p)
		}
	}
	p, err := prog.Parse("lost.coh", []byte("file A 2 pages\ntask w: dwrite A[0]\ntask s: store A[0]+8\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range []*core.Policy{coherence.AddLock, coherence.DoubleInvalidate} {
		n, v, twice := duplicates(&onPaths{exec.New(&core.Model{Policy: policy}), p}, programs(20_000))
		if all, vain = all+n, vain+v; twice > 0 {
			t.Errorf("%s: %d of %d schedules are equal to others", policy.Name, twice, n)
		}
	}
	t.Logf("%d schedules, and %d begun in vain", all, vain)
	if all < programs(20_000) || vain > all/4 {
		t.Errorf("%d schedules, and %d begun in vain", all, vain)
	}
}

// onPaths is a program on the real paths.
type onPaths struct {
	*exec.Runner
	p *prog.Program
}

// Run implements Subject.
func (s *onPaths) Run(p sched.Picker) (uint64, bool) {
	r := s.Runner.Run(s.p, p)
	return r.Key(), r.Holds()
}
