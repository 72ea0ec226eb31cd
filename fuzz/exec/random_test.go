package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// operations are what random programs are made of: direct IO in whole pages,
// for which coherence is claimed, and everything beside it.
var operations = []string{
	"dwrite A[%d]", "dwrite A[0:2]", "dread A[%d]", "store A[%d]+8", "load A[%d]", "load A[%d]+8", "read A[0:2]", "read A[%d]+16:64",
	"write A[%d]", "write A[%d]+512:1024", "copyin A[%d]", "copyout A[%d]", "sync A", "evict A", "writeback A", "readahead A", "punch A[%d]",
	"zero A[%d]", "truncate A to 1 page", "truncate A to 3 pages", "dwrite A[%d] from B[%d]", "dwrite B[%d] from A[%d]", "write B[%d] from A[%d]",
	"read A[%d] into B[%d]", "store B[%d]", "load B[%d]", "dread B[%d]", "sync B", "reflink B[%d] from A[%d]",
	"unmap A", "map A",
}

var starts = []string{"", " resident 0", " dirty 0", " holes 0", " holes 1 dirty 1"}

func randomProgram(rng *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "file A 2 pages%s\nfile B 2 pages%s\n", starts[rng.IntN(len(starts))], starts[rng.IntN(len(starts))])
	for _, name := range []string{"x", "y", "z"}[:2+rng.IntN(2)] {
		var list []string
		for range 1 + rng.IntN(4) {
			op := operations[rng.IntN(len(operations))]
			for strings.Contains(op, "%d") {
				op = strings.Replace(op, "%d", fmt.Sprint(rng.IntN(2)), 1)
			}
			list = append(list, op)
		}
		fmt.Fprintf(&b, "task %s: %s\n", name, strings.Join(list, "; "))
	}
	return b.String()
}

// TestNoFalseAlarm: whatever a coherent policy is given to do, nothing is found,
// and no run fails for another reason than those a program can have.
func TestNoFalseAlarm(t *testing.T) {
	programs := 300
	if testing.Short() {
		programs = 60
	}
	for _, policy := range []*core.Policy{coherence.AddLock, coherence.AddLockVFSExtent, coherence.InvalidateLock} {
		r := newRunner(t, policy)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range programs {
			text := randomProgram(rng)
			if strings.Contains(text, "dread A") && strings.Contains(text, "truncate A") {
				// A direct read takes no lock in bcachefs: beside a truncate that
				// has dropped dirty pages it may return what lay under them.
				continue
			}
			p := parse(t, text)
			for seed := range uint64(20) {
				res := r.Run(p, sched.Random{Rand: rand.New(rand.NewPCG(seed, uint64(i)))})
				if res.Err != nil || res.Found&(prog.Incoherence|prog.Panic) != 0 {
					t.Fatalf("%s, program %d, seed %d: %v\n%s\n%s", policy.Name, i, seed, res.Describe(), text, strings.Join(res.Report(), "\n"))
				}
			}
		}
	}
}

// BenchmarkFresh runs each program once, as a fuzzer does.
func BenchmarkFresh(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	var programs []*prog.Program
	for range 256 {
		programs = append(programs, parse(b, randomProgram(rng)))
	}
	r := newRunner(b, coherence.AddLock)
	for i := 0; b.Loop(); i++ {
		if res := r.Run(programs[i%len(programs)], stay{}); res.Err != nil {
			b.Fatal(res.Err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
