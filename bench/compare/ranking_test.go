package compare

import (
	"math"
	"slices"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func TestRankings(t *testing.T) {
	rankings := Rankings(resulttest.OnTwoMMUs(1, 10, []int{8}))
	if len(rankings) != len(resulttest.Workloads) {
		t.Fatalf("%d rankings of %d workloads", len(rankings), len(resulttest.Workloads))
	}
	for _, r := range rankings {
		if r.A.MMU != "soft" || r.B.MMU != "userfaultfd" || r.A.Workload != r.B.Workload || r.Pairs == 0 || r.Refused != "" {
			t.Fatalf("%s on %s against %s on %s, %d pairs, %s", r.A.Workload, r.A.MMU, r.B.Workload, r.B.MMU, r.Pairs, r.Refused)
		}
	}
	rates, verdicts := rankings[0], rankings[1]
	if rates.Same() || !rates.Swapped("invalidate-lock", "addlock") || !rates.Swapped("raw", "invalidate-lock") || rates.Swapped("raw", "addlock") || len(rates.Verdicts) > 0 {
		t.Errorf("direct-write: %+v, %+v", rates.Swaps, rates.Verdicts)
	}
	if len(verdicts.Swaps) > 0 || len(verdicts.Verdicts) != 1 || verdicts.Same() {
		t.Fatalf("direct-write+store: %+v, %+v", verdicts.Swaps, verdicts.Verdicts)
	}
	v := verdicts.Verdicts[0]
	if v.Engine != "none" || v.A.Worst != SawLoss || v.B.Worst != Clean || v.A.Events != 10 || v.B.Events != 0 || v.B.Exposures == 0 {
		t.Errorf("direct-write+store: %+v", v)
	}
	if !rankings[2].Same() || !rankings[3].Same() {
		t.Errorf("the others do not agree: %+v, %+v", rankings[2], rankings[3])
	}
}

// Less than six repetitions tell no engines apart; what differs then may be
// chance, and contradicts nothing.
func TestRankingsOfFewRepetitions(t *testing.T) {
	rankings := Rankings(resulttest.OnTwoMMUs(1, 2, []int{8}))
	for _, r := range rankings {
		if !r.Same() || r.Pairs != 0 || r.Refused == "" {
			t.Errorf("%s: %+v", r.A.Workload, r)
		}
	}
	if u := rankings[1].Unsure; len(u) != 1 || u[0].Engine != "none" {
		t.Errorf("unsure of %+v", u)
	}
}

// A difference that only one MMU calls a difference is no contradiction.
func TestHalfARankingIsNoSwap(t *testing.T) {
	run := resulttest.OnTwoMMUs(1, 10, []int{8})
	for i := range run.Records {
		r := &run.Records[i]
		if r.MMU == "userfaultfd" && r.Engine == "invalidate-lock" && r.Workload == "direct-write" {
			r.Rate["direct-write"] = rateOf(run.Records, "addlock", r) * (1 + 0.001*float64(r.Rep%3-1))
		}
	}
	r := Rankings(run)[0]
	if r.Swapped("invalidate-lock", "addlock") {
		t.Errorf("changed places: %+v", r.Swaps)
	}
	if !slices.ContainsFunc(r.Half, func(s Swap) bool { return s.First == "addlock" && s.Second == "invalidate-lock" }) {
		t.Errorf("told apart on soft only: not among %+v", r.Half)
	}
}

// rateOf is the rate of another engine in the repetition of r.
func rateOf(records []result.Record, engine string, r *result.Record) float64 {
	i := slices.IndexFunc(records, func(o result.Record) bool {
		return o.Engine == engine && o.MMU == r.MMU && o.Workload == r.Workload && o.Rep == r.Rep
	})
	return records[i].Rate["direct-write"]
}

func TestOneMMUHasNoRankings(t *testing.T) {
	run := &result.Run{Env: resulttest.Env(6, []int{8}), Records: resulttest.Records(1, 6, []int{8})}
	if r := Rankings(run); len(r) > 0 {
		t.Errorf("%d rankings", len(r))
	}
}

func TestOutcomeOf(t *testing.T) {
	for _, c := range []struct {
		r    result.Record
		want Outcome
	}{
		{result.Record{Status: result.StatusOK}, Clean},
		{result.Record{Status: result.StatusOK, Oracle: result.Oracle{InFlight: 3}}, Clean},
		{result.Record{Status: result.StatusOK, Oracle: result.Oracle{Inverted: 1}}, SawStale},
		{result.Record{Status: result.StatusOK, LossRounds: 1, Oracle: result.Oracle{Stale: 1}}, SawLoss},
		{result.Record{Status: result.StatusOK, Oracle: result.Oracle{Incoherent: 1}}, SawLoss},
		{result.Record{Status: result.StatusDeadlock, LossRounds: 1}, Deadlocked},
		{result.Record{Status: result.StatusStarved}, Deadlocked},
		{result.Record{Status: result.StatusUnsupported}, NoOutcome},
		{result.Record{Status: result.StatusError}, NoOutcome},
		{result.Record{Status: result.StatusError, Oracle: result.Oracle{Torn: 1}}, SawStale},
	} {
		if got := OutcomeOf(&c.r); got != c.want {
			t.Errorf("%+v is %s, want %s", c.r, got, c.want)
		}
	}
}

// Counted out: 2 of 924 ways, 12 of 792, 30 of 495, all, 2490 of 125970.
func TestFisher(t *testing.T) {
	for _, c := range []struct {
		k1, n1, k2, n2 int
		want           float64
	}{{6, 6, 0, 6, 0.002164502}, {5, 6, 0, 6, 0.01515152}, {4, 6, 0, 6, 0.06060606}, {1, 10, 0, 10, 1}, {3, 10, 9, 10, 0.01976661}, {0, 0, 3, 6, 1}} {
		if got := fisher(c.k1, c.n1, c.k2, c.n2); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d of %d against %d of %d: %.7f, want %.7f", c.k1, c.n1, c.k2, c.n2, got, c.want)
		}
	}
}
