package compare_test

import (
	"slices"
	"strings"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func made(reps int, threads ...int) *result.Run {
	return &result.Run{Env: resulttest.Env(reps, threads), Records: resulttest.Records(1, reps, threads)}
}

func TestGroups(t *testing.T) {
	run := made(1, 8, 1)
	slices.Reverse(run.Records) // a run's order is not that of display
	groups := compare.Groups(run)
	if len(groups) != 8 {
		t.Fatalf("%d groups, want 4 workloads by 2 numbers of threads", len(groups))
	}
	for i, g := range groups {
		if want := resulttest.Workloads[i/2]; g.Workload != want || g.Threads != []int{1, 8}[i%2] || g.MMU != "soft" {
			t.Errorf("group %d is %s on %d threads, MMU %s", i, g.Workload, g.Threads, g.MMU)
		}
		var engines []string
		for _, c := range g.Cases {
			engines = append(engines, c.Engine)
		}
		want := []string{"raw", "addlock", "addlock-vfs-extent", "invalidate-lock", "double-invalidate", "none", "addlock-nofdm"}
		if !slices.Equal(engines, want) || g.Class != "direct-write" {
			t.Errorf("group %d: engines %v by %s", i, engines, g.Class)
		}
	}
	for _, g := range compare.MostThreads(groups) {
		if g.Threads != 8 {
			t.Errorf("%s kept with %d threads", g.Workload, g.Threads)
		}
	}
}

// Depths are groups of their own, and named.
func TestGroupsByDepth(t *testing.T) {
	run := made(1, 8)
	for _, r := range slices.Clone(run.Records) {
		r.IODepth = 16
		run.Records = append(run.Records, r)
	}
	groups := compare.Groups(run)
	if len(groups) != 8 {
		t.Fatalf("%d groups, want 4 workloads by 2 depths", len(groups))
	}
	for i, g := range groups {
		deep := strings.HasSuffix(g.Label(groups), ", 16 direct requests in flight each")
		if deep != (i%2 == 1) || len(g.Cases) != 7 {
			t.Errorf("group %d is %q of %d cases", i, g.Label(groups), len(g.Cases))
		}
	}
}

// The kernel's page tables are not one more kind to keep apart: its engine
// stands beside the models on any, and beside raw alone.
func TestGroupsPutTheKernelBesideTheModels(t *testing.T) {
	run := made(1, 8)
	for _, r := range slices.Clone(run.Records) {
		if r.Engine == "none" {
			r.Engine, r.MMU = "kernel", "kernel"
			run.Records = append(run.Records, r)
		}
	}
	for _, g := range compare.Groups(run) {
		if last := g.Cases[len(g.Cases)-1]; len(g.Cases) != 8 || last.Engine != "kernel" || g.MMU != "soft" {
			t.Errorf("%s on %s has %d cases, the last of %s", g.Workload, g.MMU, len(g.Cases), last.Engine)
		}
	}
	run.Records = slices.DeleteFunc(run.Records, func(r result.Record) bool { return r.MMU == "soft" })
	for _, g := range compare.Groups(run) {
		if len(g.Cases) != 2 || g.MMU != "kernel" {
			t.Errorf("without models %s on %s has %d cases", g.Workload, g.MMU, len(g.Cases))
		}
	}
}

// Engines with page tables are not mixed with those of another MMU; raw, which
// has none, stands beside both.
func TestGroupsKeepMMUsApart(t *testing.T) {
	run := made(1, 8)
	for _, r := range slices.Clone(run.Records) {
		if r.MMU == "soft" {
			r.MMU = "userfaultfd"
			run.Records = append(run.Records, r)
		}
	}
	groups := compare.Groups(run)
	if len(groups) != 8 {
		t.Fatalf("%d groups, want 4 workloads by 2 MMUs", len(groups))
	}
	for _, g := range groups {
		if len(g.Cases) != 7 || g.Cases[0].Engine != "raw" {
			t.Errorf("%s on %s has %d cases, first %s", g.Workload, g.MMU, len(g.Cases), g.Cases[0].Engine)
		}
		if label := g.Label(groups); !strings.Contains(label, "MMU "+g.MMU) {
			t.Errorf("label %q does not tell the MMU", label)
		}
	}
	if label := groups[0].Label(groups[:1]); label != "direct-write, 8 threads" {
		t.Errorf("label of one group is %q", label)
	}
}

func TestHeadline(t *testing.T) {
	records := []result.Record{
		{Workload: "a", Ops: map[string]int64{"load": 1, "direct-write": 1}},
		{Workload: "b", Ops: map[string]int64{"load": 1, "store": 1}},
		{Workload: "b", Ops: map[string]int64{"store": 1}},
	}
	for workload, want := range map[string]string{"a": "direct-write", "b": "store", "c": ""} {
		if got := compare.Headline(records, workload); got != want {
			t.Errorf("headline of %s is %q, want %q", workload, got, want)
		}
	}
}

// The steps of a sweep come by size, not by their first digit.
func TestSettingsInOrder(t *testing.T) {
	want := []string{"", "arrival=poisson", "rate/store=1000", "rate/store=1000,round=20ms", "rate/store=2000", "rate/store=10000", "round=20ms"}
	run := &result.Run{}
	for _, set := range slices.Backward(want) {
		run.Records = append(run.Records, result.Record{Engine: "raw", Workload: "fault-storm", Threads: 1, MMU: "none", Set: set})
	}
	var got []string
	for _, g := range compare.Groups(run) {
		got = append(got, g.Set)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
