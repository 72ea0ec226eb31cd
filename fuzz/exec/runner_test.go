package exec

import (
	"math/rand/v2"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

func parse(t testing.TB, text string) *prog.Program {
	t.Helper()
	p, err := prog.Parse("test.coh", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newRunner(t testing.TB, policy *core.Policy) *Runner {
	r := New(&core.Model{Policy: policy})
	t.Cleanup(r.Close)
	return r
}

// seen is what n random schedules of a program find.
func seen(t *testing.T, policy *core.Policy, p *prog.Program, n uint64) (all prog.Violation, held int) {
	t.Helper()
	r := newRunner(t, policy)
	for seed := range n {
		res := r.Run(p, sched.Random{Rand: rand.New(rand.NewPCG(seed, 1))})
		if res.Err != nil {
			t.Fatalf("%s, seed %d: %v", policy.Name, seed, res.Err)
		}
		all |= res.Found
		if res.Holds() {
			held++
		}
	}
	return all, held
}

const lostUpdate = "file A 2 pages\ntask w: dwrite A[0]\ntask s: store A[0]+8\ntask l: load A[0]+16; load A[0]+24\nfind lost\n"

// TestLostUpdate: every policy that claims coherence keeps the data, and every
// control loses it.
func TestLostUpdate(t *testing.T) {
	p := parse(t, lostUpdate)
	for _, policy := range coherence.All() {
		all, held := seen(t, policy, p, 500)
		clean := policy != coherence.DoubleInvalidate && policy != coherence.None
		if clean != (held == 0) || clean != (all&prog.Incoherence == 0) {
			t.Errorf("%s: %v, lost in %d of 500 runs", policy.Name, all, held)
		}
	}
}

// stay never preempts.
type stay struct{}

func (stay) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	if current != nil {
		return current
	}
	return runnable[0]
}

// twelve is three tasks with four operations each.
const twelve = `
file A 2 pages
file B 2 pages
task w: dwrite A[0]; dwrite A[1]; read A[0]; dread A[1]
task s: store A[0]+8; load A[1]; write B[0]; sync B
task c: dwrite B[1] from A[0]; load B[1]; punch B[0]; read B[0]
`

func BenchmarkRun(b *testing.B) {
	for _, policy := range []*core.Policy{coherence.AddLock, coherence.DoubleInvalidate} {
		b.Run("policy="+policy.Name, func(b *testing.B) {
			r := newRunner(b, policy)
			p := parse(b, twelve)
			var steps int64
			for b.Loop() {
				res := r.Run(p, stay{})
				if res.Err != nil {
					b.Fatal(res.Err)
				}
				steps += res.Steps
			}
			b.ReportMetric(float64(steps)/float64(b.N), "steps/run")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}
