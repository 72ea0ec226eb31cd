package explore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// program is a program on the real paths under a policy.
type program struct {
	*exec.Runner
	p *prog.Program
}

func newProgram(t testing.TB, policy *core.Policy, text string) func() explore.Subject {
	p, err := prog.Parse("test.coh", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return func() explore.Subject { return &program{exec.New(&core.Model{Policy: policy}), p} }
}

func (s *program) Run(picker sched.Picker) (uint64, bool) {
	res := s.Runner.Run(s.p, picker)
	return res.Key(), res.Holds()
}

// operations are what random programs are made of.
var operations = []string{
	"dwrite A[0]", "dwrite A[1]", "store A[0]+8", "% = load A[0]", "% = load A[1]+8", "% = read A[0]", "write A[0]",
	"% = dread A[0]", "sync A", "evict A", "punch A[0]", "dwrite A[0] from A[1]", "dwrite A[1] from B[0]", "dwrite B[0] from A[1]",
}

func randomProgram(rng *rand.Rand, tasks, ops int) string {
	var b strings.Builder
	b.WriteString("file A 2 pages\nfile B 1 pages\n")
	for i := range tasks {
		var list []string
		for range 1 + rng.IntN(ops) {
			op := operations[rng.IntN(len(operations))]
			list = append(list, strings.Replace(op, "%", fmt.Sprintf("r%d%d", i, len(list)), 1))
		}
		fmt.Fprintf(&b, "task t%d: %s\n", i, strings.Join(list, "; "))
	}
	return b.String()
}

// On the real paths, what a reduced bounded search leaves out changes nothing,
// and the unbounded one finds all that the bounded one does.
func TestRealPaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	policies := coherence.All()
	n := 60
	if testing.Short() {
		n = 6
	}
	var saved []float64
	compared := 0
	for i := 0; i < n && !t.Failed(); i++ {
		policy := policies[rng.IntN(len(policies))]
		text := randomProgram(rng, 2, 1+i%2)
		fresh := newProgram(t, policy, text)
		full := explore.Search(t.Context(), explore.Config{New: fresh, Bound: 2, Full: true, MaxSteps: 2_000_000})
		bounded := explore.Search(t.Context(), explore.Config{New: fresh, Bound: 2, MaxSteps: 2_000_000})
		all := explore.Search(t.Context(), explore.Config{New: fresh, Bound: explore.Unbounded, MaxSteps: 1_000_000})
		if !full.Complete {
			continue
		}
		saved = append(saved, float64(full.Schedules)/float64(bounded.Schedules))
		for _, o := range full.Outcomes {
			if bounded.Outcome(o.Key) == nil {
				t.Errorf("%s: the bounded search misses an outcome of %d schedules %v\n%s", policy.Name, o.Count, o.Witness, text)
			}
			if all.Complete && all.Outcome(o.Key) == nil {
				t.Errorf("%s: the unbounded search misses an outcome of %d schedules %v\n%s", policy.Name, o.Count, o.Witness, text)
			}
		}
		if all.Complete {
			compared++
		}
	}
	slices.Sort(saved)
	if len(saved) < n/2 || compared < n/4 {
		t.Fatalf("%d of %d programs compared, %d without a bound", len(saved), n, compared)
	}
	t.Logf("bounded searches: median %.1f times fewer schedules", saved[len(saved)/2])
}

// BenchmarkSearch is a direct write beside a store and loads, with a bound of
// two preemptions.
func BenchmarkSearch(b *testing.B) {
	for _, policy := range coherence.All() {
		b.Run("policy="+policy.Name, func(b *testing.B) {
			fresh := newProgram(b, policy, "file A 2 pages\ntask w: dwrite A[0]\ntask s: store A[0]+8\ntask l: load A[0]+16; load A[0]+24\nfind lost\n")
			var n, steps int64
			for b.Loop() {
				r := explore.Search(b.Context(), explore.Config{New: fresh, Bound: 2})
				n, steps = n+r.Schedules, steps+r.Steps
			}
			b.ReportMetric(float64(n)/float64(b.N), "schedules")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "schedules/s")
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds()/1e6, "Msteps/s")
		})
	}
}
