package litmus_test

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// How far TestReduction goes. With COHBENCH_REDUCTION=STEPS a reduced search may
// take so many, and more is counted.
const (
	reducedSteps = 100_000
	plainSteps   = 40_000_000 // that all schedules may take with it; else they are estimated
	plainProbes  = 1_000
)

// saving is how many schedules a reduced unbounded search plays, and how many
// there are at the same yield points.
type saving struct {
	test, engine string
	reduced      int64
	plain        float64 // decimal logarithm
	counted      bool    // plain is no estimate
	spread       float64 // of the estimate: its standard error, as a part of it
}

func (s *saving) ratio() float64 { return math.Pow(10, s.plain) / float64(s.reduced) }

// TestReduction: of all schedules of a test, without a bound, a reduced search
// plays at most a tenth, in the median of the tests that it gets through. Where
// tasks wait for each other an estimate has a long tail: it is more often too
// low than too high, and the spread too small.
func TestReduction(t *testing.T) {
	limit, plain := int64(reducedSteps), int64(0)
	if testing.Short() {
		t.Skip("it takes a while, and longer with -race")
	}
	if text := os.Getenv("COHBENCH_REDUCTION"); text != "" {
		n, err := strconv.ParseInt(text, 0, 64)
		if err != nil {
			t.Fatalf("COHBENCH_REDUCTION=%s: want a number of steps", text)
		}
		limit, plain = n, plainSteps
	}
	policies := []*core.Policy{coherence.AddLock, coherence.DoubleInvalidate}
	var list []saving
	all := 0
	for _, p := range suite(t) {
		if len(p.Tasks) == 1 {
			continue // it has one schedule
		}
		for _, policy := range policies {
			all++
			if s := measure(t, p, policy, limit, plain); s != nil {
				list = append(list, *s)
			}
		}
	}
	slices.SortFunc(list, func(a, b saving) int { return cmp.Compare(a.ratio(), b.ratio()) })
	for i := range list {
		s := &list[i]
		how := fmt.Sprintf("estimated, +-%.0f %%", 100*s.spread)
		if s.counted {
			how = "counted"
		}
		t.Logf("%-42s %-18s %8d of 10^%-5.2f (%s): 1 in %.3g", s.test, s.engine, s.reduced, s.plain, how, s.ratio())
	}
	counted := 0
	for i := range list {
		if list[i].counted {
			counted++
		}
	}
	if len(list) < 10 || plain > 0 && counted == 0 {
		t.Fatalf("%d of %d searches came to an end: the test tests little", len(list), all)
	}
	median := list[len(list)/2].ratio()
	t.Logf("%d of %d searches came to an end within %d steps; median 1 in %.3g, least 1 in %.3g; %d were counted, the rest estimated",
		len(list), all, limit, median, list[0].ratio(), counted)
	if median < 10 {
		t.Errorf("in the median a reduced search plays 1 in %.3g of all schedules", median)
	}
}

// measure is nil if the reduced search takes too long.
func measure(t *testing.T, p *prog.Program, policy *core.Policy, limit, plain int64) *saving {
	fresh := func() explore.Subject { return &program{exec.New(&core.Model{Policy: policy}), p} }
	reduced := explore.Search(t.Context(), explore.Config{New: fresh, Bound: explore.Unbounded, MaxSteps: limit})
	if !reduced.Complete {
		return nil
	}
	s := &saving{test: p.Name, engine: policy.Name, reduced: reduced.Schedules + reduced.Pruned}
	cfg := explore.Config{New: fresh, Bound: explore.Unbounded, Full: true, MaxSteps: plain}
	e := explore.Probe(t.Context(), cfg, plainProbes)
	s.plain, s.spread = e.Schedules, e.Spread
	if plain > 0 && e.Steps < math.Log10(float64(plain)) {
		if full := explore.Search(t.Context(), cfg); full.Complete {
			s.plain, s.counted = math.Log10(float64(full.Schedules)), true
			for _, o := range full.Outcomes {
				if reduced.Outcome(o.Key) == nil {
					t.Errorf("%s on %s: the reduced search misses an outcome of %d schedules %v", p.Name, policy.Name, o.Count, o.Witness)
				}
			}
		}
	}
	return s
}

// program is a program on an engine as an explore.Subject.
type program struct {
	*exec.Runner
	p *prog.Program
}

// Run implements explore.Subject.
func (s *program) Run(picker sched.Picker) (uint64, bool) {
	r := s.Runner.Run(s.p, picker)
	return r.Key(), r.Holds()
}
