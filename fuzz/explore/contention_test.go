package explore_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cohbench/core/coherence"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// contenders is what the tasks of a program do that wait for each other much.
var contenders = []string{"read A[1]", "read A[2]", "dwrite A[0]", "dwrite A[2]", "write A[1]+8:8", "load A[3]", "truncate A to 3 pages"}

// TestContentionReduced: who is starved, or waits in a convoy, is about more
// than one lock at a time, and about threads that sleep. A reduced search finds
// it where one of all schedules does.
func TestContentionReduced(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	policies := coherence.All()
	n, compared, unbounded, bounds := 24, 0, 0, []int{1, 2}
	if testing.Short() {
		n, bounds = 4, bounds[:1]
	}
	var seen prog.Violation
	for i := 0; i < n && !t.Failed(); i++ {
		var b strings.Builder
		b.WriteString("file A 4 pages\noptions starve-after 1\n")
		for task := range 3 {
			fmt.Fprintf(&b, "task t%d: %s\n", task, contenders[rng.IntN(len(contenders))])
		}
		b.WriteString("find starved or convoy\n")
		policy, text := policies[rng.IntN(len(policies))], b.String()
		fresh := newProgram(t, policy, text)
		for _, bound := range bounds {
			full := explore.Search(t.Context(), explore.Config{New: fresh, Bound: bound, Full: true, MaxSteps: 1_500_000})
			if !full.Complete {
				continue
			}
			compared++
			some := explore.Search(t.Context(), explore.Config{New: fresh, Bound: bound})
			all := explore.Search(t.Context(), explore.Config{New: fresh, Bound: explore.Unbounded, MaxSteps: 200_000})
			if all.Complete {
				unbounded++
			}
			for _, o := range full.Outcomes {
				seen |= exec.Violations(o.Key)
				if some.Outcome(o.Key) == nil || all.Complete && all.Outcome(o.Key) == nil {
					t.Errorf("%s, bound %d: a reduced search misses %v, an outcome of %d schedules %v\n%s",
						policy.Name, bound, exec.Violations(o.Key), o.Count, o.Witness, text)
				}
			}
		}
	}
	t.Logf("%d comparisons, %d without a bound; seen: %v", compared, unbounded, seen)
	if compared < n || !testing.Short() && seen&prog.Contention != prog.Contention {
		t.Errorf("%d comparisons, seen: %v: the test tests little", compared, seen)
	}
}
