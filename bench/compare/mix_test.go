package compare_test

import (
	"strings"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

func TestOtherMix(t *testing.T) {
	ops := func(writes, stores int64) []result.Record {
		r := result.Record{Status: "ok", Ops: map[string]int64{"direct-write": writes, "store": stores}}
		failed := result.Record{Status: "starved", Ops: map[string]int64{"store": 1e9}}
		return []result.Record{r, r, failed}
	}
	for _, tt := range []struct {
		a, b []result.Record
		want string // a part of it
	}{
		{ops(100, 0), ops(7000, 0), ""},
		{ops(100, 900), ops(105, 895), ""},
		{ops(100, 900), ops(112, 888), "10 and 11.2 % are direct-write"},
		{ops(100, 0), ops(100, 900), "0 and 90 % are store"},
		{ops(1000, 0), ops(995, 5), ""}, // a single one or so
		{ops(0, 0), ops(1, 2), ""},
		{nil, ops(1, 2), ""},
	} {
		got := compare.OtherMix(tt.a, tt.b)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// A rule on the cost per operation cannot tell where the operations were
// others, and so does not pass; rates are not touched by it.
func TestRulesOnAnotherMix(t *testing.T) {
	base, lock := sides("raw", "invalidate-lock")
	run := *lock.Run
	run.Records = nil
	for _, r := range lock.Run.Records {
		if r.Engine == lock.Engine && r.Workload == "direct-write" {
			r.Ops = map[string]int64{"direct-write": r.Ops["direct-write"], "store": 9 * r.Ops["direct-write"]}
		}
		run.Records = append(run.Records, r)
	}
	base.Run, lock.Run = &run, &run
	matches := mustMatch(t, base, lock)
	for rule, open := range map[string]int{
		"direct-write/cpu>+5%": 1, "direct-write/switches>+5%": 1, "direct-write/direct-write:rate<-5%": 0, "self-buffer/cpu>+500%": 0,
	} {
		if failed, got, all := apply(t, rule, matches); got != open || all != 1 || open == 1 && failed != 0 {
			t.Errorf("%s: %d failed, %d open of %d; want %d open", rule, failed, got, all, open)
		}
	}
}
