package compare_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

func sides(base, new string) (compare.Side, compare.Side) {
	run := made(10, 8)
	run.Dir = "run"
	return compare.Side{Run: run, Engine: base}, compare.Side{Run: run, Engine: new}
}

// again is a run like another, whose rates are so much higher.
func again(run *result.Run, speed float64) *result.Run {
	other := *run
	other.Dir = "again"
	other.Records = slices.Clone(run.Records)
	for i := range other.Records {
		rates := maps.Clone(other.Records[i].Rate)
		for class := range rates {
			rates[class] *= speed
		}
		other.Records[i].Rate = rates
	}
	return &other
}

func mustMatch(t *testing.T, base, new compare.Side) []compare.Match {
	t.Helper()
	matches, err := compare.Matches(base, new)
	if err != nil {
		t.Fatal(err)
	}
	return matches
}

func row(t *testing.T, m compare.Match, name string) compare.Row {
	t.Helper()
	i := slices.IndexFunc(m.Rows, func(r compare.Row) bool { return r.Name() == name })
	if i < 0 {
		t.Fatalf("%s has no row %q", m.Case, name)
	}
	return m.Rows[i]
}

func TestMatchesWithinARunArePaired(t *testing.T) {
	raw, lock := sides("raw", "invalidate-lock")
	matches := mustMatch(t, raw, lock)
	if len(matches) != 4 {
		t.Fatalf("%d matches of 4 workloads", len(matches))
	}
	m := matches[0]
	r := row(t, m, "direct-write rate")
	if !m.Paired || m.BaseReps != 10 || m.NReps != 10 || m.Rows[0].Name() != r.Name() {
		t.Errorf("paired %v, %d and %d repetitions, first %s", m.Paired, m.BaseReps, m.NReps, m.Rows[0].Name())
	}
	if r.Verdict() != compare.Different || r.Improved() || r.Ratio.Hi > 0.4 || r.AA.Refused != "" {
		t.Errorf("rate: %+v", r)
	}
	if p := row(t, m, "direct-write p99"); p.Improved() || p.Unit != "ns" {
		t.Errorf("p99: %+v", p)
	}
	row(t, m, "cpu")
}

func TestCountsOfAMatch(t *testing.T) {
	lock, none := sides("addlock", "none")
	m := mustMatch(t, lock, none)[1]
	if m.Case.Workload != "direct-write+store" || m.Counts[0].Key != "stale" || m.Counts[1].Key != "lost" {
		t.Fatalf("%s: %+v", m.Case, m.Counts)
	}
	if stale := m.Counts[0]; stale.Verdict() != compare.Different || !stale.Base.Bound() || stale.New.Lo < 0.1 {
		t.Errorf("%+v", stale)
	}
	if direct := mustMatch(t, lock, none)[0].Counts[0]; direct.Verdict() != compare.Refused {
		t.Errorf("nobody is exposed, and yet %s", direct.Verdict())
	}
}

func TestMatchesBetweenRunsAreNot(t *testing.T) {
	a, _ := sides("addlock", "")
	slow := compare.Side{Run: again(a.Run, 0.5), Engine: "addlock"}
	m := mustMatch(t, a, slow)[0]
	r := row(t, m, "direct-write rate")
	if m.Paired || r.Verdict() != compare.Different || r.Improved() || r.Ratio.P <= 0 || r.Ratio.P > 0.01 || r.Ratio.Lo > 0.5 || r.Ratio.Hi < 0.5 {
		t.Errorf("half as fast: %+v", r.Ratio)
	}
	same := row(t, mustMatch(t, a, compare.Side{Run: again(a.Run, 1), Engine: "addlock"})[0], "direct-write rate")
	if same.Verdict() != compare.Alike || same.Ratio.P < 0.5 || same.AA.Refused != "" {
		t.Errorf("the same: %+v", same)
	}
}

func TestMatchesRefuse(t *testing.T) {
	a, _ := sides("addlock", "")
	for want, change := range map[string]func(*result.Run){
		"different kernels: 6.18":            func(r *result.Run) { r.Env.Kernel = "6.12" },
		"different devices":                  func(r *result.Run) { r.Env.Device = "other" },
		"environment of one run is not":      func(r *result.Run) { r.Env.Kernel = "" },
		"different block sizes: 4096 and 8":  func(r *result.Run) { each(r, func(r *result.Record) { r.Block = 8192 }) },
		"different IO: direct and buffered":  func(r *result.Run) { each(r, func(r *result.Record) { r.IO = "buffered" }) },
		"different MMUs: soft and userfault": func(r *result.Run) { each(r, func(r *result.Record) { r.MMU = "userfaultfd" }) },
		"different settings: none and round": func(r *result.Run) { each(r, func(r *result.Record) { r.Set = "round=20ms" }) },
		"they have no workload in common":    func(r *result.Run) { each(r, func(r *result.Record) { r.Workload += "-2" }) },
		"no such engine in the run, there":   func(r *result.Run) { each(r, func(r *result.Record) { r.Engine = "other" }) },
	} {
		other := again(a.Run, 1)
		change(other)
		_, err := compare.Matches(a, compare.Side{Run: other, Engine: "addlock"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func each(run *result.Run, change func(*result.Record)) {
	for i := range run.Records {
		change(&run.Records[i])
	}
}

func TestMatchesNoteWhatDidNotEndWell(t *testing.T) {
	lock, deadlocks := sides("addlock", "addlock-nofdm")
	m := mustMatch(t, lock, deadlocks)[3]
	if len(m.Notes) != 1 || !strings.Contains(m.Notes[0], "run:addlock-nofdm: 10 of 10 repetitions ended as deadlock") {
		t.Errorf("notes %q", m.Notes)
	}
	if r := row(t, m, "direct-write rate"); r.Verdict() != compare.Refused || r.New.N != 0 {
		t.Errorf("%+v", r)
	}
}

func TestLabelsTellMatchesApart(t *testing.T) {
	raw, lock := sides("raw", "addlock")
	other := again(raw.Run, 1)
	each(other, func(r *result.Record) { r.Block = 65536 })
	both := again(raw.Run, 1)
	both.Records = append(both.Records, other.Records...)
	raw.Run, lock.Run = both, both
	seen := map[string]bool{}
	for _, label := range compare.Labels(mustMatch(t, raw, lock)) {
		if seen[label] {
			t.Errorf("%s comes twice", label)
		}
		seen[label] = true
	}
	if len(seen) != 8 || !seen["direct-write, 8 threads, 64 KiB blocks, MMU soft"] {
		t.Errorf("labels %v", slices.Sorted(maps.Keys(seen)))
	}
}
