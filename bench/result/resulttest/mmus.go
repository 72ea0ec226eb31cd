package resulttest

import "cohbench/bench/result"

// OnTwoMMUs makes up a run on soft and userfaultfd at once. The second agrees
// with the first but for this: in direct-write, invalidate-lock is the fastest
// of all; in direct-write+store, engine none is never seen to be incoherent.
func OnTwoMMUs(seed uint64, reps int, threads []int) *result.Run {
	run := &result.Run{Env: Env(reps, threads), Records: Records(seed, reps, threads)}
	run.Env.MMU = "soft,userfaultfd"
	for i, e := range run.Env.Engines {
		if e.MMU == "soft" {
			run.Env.Engines[i].MMU = run.Env.MMU
		}
	}
	var other []result.Record
	for i, r := range Records(seed, reps, threads) {
		if r.MMU != "soft" {
			continue
		}
		r.MMU = "userfaultfd"
		for class := range r.Rate {
			r.Rate[class] *= 1 + 0.01*float64(i%3-1)
		}
		if r.Engine == "invalidate-lock" && r.Workload == "direct-write" {
			r.Rate["direct-write"] *= 5
		}
		if r.Engine == "none" {
			r.Oracle, r.LossRounds, r.StaleRounds = result.Oracle{Checked: r.Oracle.Checked}, 0, 0
		}
		other = append(other, r)
	}
	run.Records = append(run.Records, other...)
	run.Env.Plan.Records = len(run.Records)
	return run
}
