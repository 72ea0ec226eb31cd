package compare_test

import (
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// record is a repetition whose rounds had ten exposures each, and so many
// stale reads.
func record(rep int, stale ...int64) result.Record {
	r := result.Record{Engine: "x", Workload: "w", Threads: 1, Rep: rep, Status: result.StatusOK, PerRound: &result.PerRound{Rounds: 1}}
	for _, n := range stale {
		r.Exposures, r.Oracle.StaleEvents = r.Exposures+10, r.Oracle.StaleEvents+n
		r.PerRound.Exposures = append(r.PerRound.Exposures, 10)
		r.PerRound.StaleReads = append(r.PerRound.StaleReads, n)
		r.PerRound.LossRounds = append(r.PerRound.LossRounds, 0)
	}
	return r
}

// One repetition is enough to see bursts in its rounds.
func TestChanceOverRounds(t *testing.T) {
	even, burst := record(0, 2, 2, 2, 2, 2, 2, 2, 2), record(0, 16, 0, 0, 0, 0, 0, 0, 0)
	a := compare.Stale([]result.Record{even}, even.Case())
	b := compare.Stale([]result.Record{burst}, burst.Case())
	if a.Value != 0.2 || b.Value != 0.2 || len(a.Warnings)+len(b.Warnings) > 0 {
		t.Errorf("%+v, %+v", a, b)
	}
	if b.Hi-b.Lo < 2*(a.Hi-a.Lo) || b.Lo != 0 {
		t.Errorf("even [%g, %g], burst [%g, %g]", a.Lo, a.Hi, b.Lo, b.Hi)
	}
	if again := compare.Stale([]result.Record{burst}, burst.Case()); again.Lo != b.Lo || again.Hi != b.Hi {
		t.Errorf("%+v, and again %+v", b, again)
	}
}

// What differs between repetitions is in no round, and counts all the same.
func TestChanceOverRepetitions(t *testing.T) {
	var steady, moody []result.Record
	for rep := range 8 {
		steady = append(steady, record(rep, 0, 4, 0, 4, 0, 4, 0, 4))
		moody = append(moody, record(rep, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4, int64(rep%2)*4))
	}
	a, b := compare.Stale(steady, steady[0].Case()), compare.Stale(moody, moody[0].Case())
	if a.Value != b.Value || b.Hi-b.Lo < 1.5*(a.Hi-a.Lo) {
		t.Errorf("the same rounds in order %+v, by repetition %+v", a, b)
	}
}

// A case that ended within a round saw what it saw.
func TestChanceBeyondTheLastRound(t *testing.T) {
	r := record(0, 1, 1, 1, 1, 1, 1)
	r.Exposures, r.Oracle.StaleEvents = 65, 9
	if c := compare.Stale([]result.Record{r}, r.Case()); c.Events != 9 || c.Trials != 65 {
		t.Errorf("%+v, want 9 of 65", c)
	}
	r.PerRound.LossRounds = nil // not as it was written
	if c := compare.Stale([]result.Record{r}, r.Case()); c.Events != 9 || c.Trials != 65 || len(c.Warnings) != 1 {
		t.Errorf("%+v, want 9 of 65, and a warning", c)
	}
}

// A soak has more rounds than a bootstrap can resample in a second.
func TestChanceOfManyRounds(t *testing.T) {
	r := record(0, make([]int64, 50_000)...)
	r.PerRound.StaleReads[7], r.Oracle.StaleEvents = 3, 3
	if c := compare.Stale([]result.Record{r}, r.Case()); c.Value != 3.0/500_000 || c.Hi < c.Value {
		t.Errorf("%+v", c)
	}
}
