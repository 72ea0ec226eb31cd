package litmus_test

import (
	"os"
	"strconv"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// replays is how often a witness is played again: COHBENCH_REPLAYS, or 20 times.
func replays(t *testing.T) int {
	text := os.Getenv("COHBENCH_REPLAYS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("COHBENCH_REPLAYS=%s: want a number above 0", text)
	}
	return n
}

// TestWitnessesReplay: the schedule of every outcome that a verdict is about,
// other than "never", gives the same steps and the same outcome each time.
func TestWitnessesReplay(t *testing.T) {
	policies, cfg := []*core.Policy{coherence.AddLock, coherence.DoubleInvalidate, coherence.AddLockNoFDM}, litmus.Config{Bound: 2}
	if testing.Short() {
		policies, cfg.Budget = policies[1:2], shortBudget/2
	}
	witnesses, tests, times := 0, 0, replays(t)
	for _, p := range suite(t) {
		for _, policy := range policies {
			model := &core.Model{Policy: policy}
			report, err := litmus.Search(t.Context(), p, model, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if report.Verdict == prog.Never || report.Verdict == prog.Unknown {
				continue
			}
			tests++
			for i := range report.Outcomes {
				if o := &report.Outcomes[i]; report.Shows(o) {
					witnesses++
					replay(t, p, model, o, times)
				}
			}
		}
	}
	t.Logf("%d witnesses of %d verdicts, %d times each", witnesses, tests, times)
	if tests < 20 || witnesses < tests {
		t.Errorf("%d witnesses of %d verdicts: the test tests little", witnesses, tests)
	}
}

// replay plays a witness, half of the times in a world of its own.
func replay(t *testing.T, p *prog.Program, model *core.Model, o *explore.Outcome, times int) {
	t.Helper()
	kept := exec.New(model)
	kept.Record = true
	defer kept.Close()
	var trace uint64
	for i := range times {
		r := kept
		if i%2 == 1 {
			r = exec.New(model)
			r.Record = true
		}
		key := r.Run(p, &sched.Replay{Switches: o.Witness.Switches}).Key()
		hash := r.TraceHash()
		if i == 0 {
			trace = hash
		}
		if r != kept {
			r.Close()
		}
		if key != o.Key || hash != trace {
			t.Fatalf("%s on %s, run %d of %v: outcome %x, trace %x; want %x, %x", p.Name, model.Name(), i+1, o.Witness, key, hash, o.Key, trace)
		}
	}
}
