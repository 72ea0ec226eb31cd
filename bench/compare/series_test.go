package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func of(engine, workload string) result.Case {
	mmu := "soft"
	if engine == "raw" {
		mmu = "none"
	}
	return result.Case{Engine: engine, Workload: workload, Threads: 8, MMU: mmu, IO: "direct", Block: 4096, Size: 64 << 20}
}

func TestAgainstRaw(t *testing.T) {
	records := resulttest.Records(1, 10, []int{8})
	metric := compare.Rate("direct-write")
	aa := compare.AA(records, of("addlock", "direct-write"), metric)
	if aa.Refused != "" || aa.Lo > 1 || aa.Hi < 1 || aa.N != 10 {
		t.Errorf("A/A is %+v, want about 1", aa)
	}
	for _, tt := range []struct {
		engine string
		lo, hi float64 // the truth lies between
		want   compare.Verdict
	}{
		{"invalidate-lock", 0.26, 0.31, compare.Different},
		{"addlock", 0.90, 0.96, compare.Different},
	} {
		c := of(tt.engine, "direct-write")
		base, ok := compare.Base(records, c, "raw")
		if !ok || base != of("raw", "direct-write") {
			t.Fatalf("base of %v is %v, %v", c, base, ok)
		}
		r := compare.Against(records, c, base, metric)
		if r.Center < tt.lo || r.Center > tt.hi || r.Verdict(aa) != tt.want {
			t.Errorf("%s: %+v is %s, want %g to %g, %s", tt.engine, r, r.Verdict(aa), tt.lo, tt.hi, tt.want)
		}
	}
}

func TestBelowSixRepetitions(t *testing.T) {
	records := resulttest.Records(1, 5, []int{8})
	r := compare.Against(records, of("addlock", "direct-write"), of("raw", "direct-write"), compare.Rate("direct-write"))
	if !strings.Contains(r.Refused, "5 paired repetitions") {
		t.Errorf("%+v", r)
	}
}

func TestMixedIsRefused(t *testing.T) {
	records := resulttest.Records(1, 6, []int{8})
	for name, change := range map[string]func(*result.Case){
		"different workloads":   func(c *result.Case) { c.Workload = "x" },
		"different threads":     func(c *result.Case) { c.Threads = 4 },
		"different MMUs":        func(c *result.Case) { c.MMU = "userfaultfd" },
		"different IO":          func(c *result.Case) { c.IO = "buffered" },
		"different block sizes": func(c *result.Case) { c.Block = 512 },
		"different file sizes":  func(c *result.Case) { c.Size = 1 },
		"different IO depths":   func(c *result.Case) { c.IODepth = 4 },
	} {
		other := of("none", "direct-write")
		change(&other)
		r := compare.Against(records, of("addlock", "direct-write"), other, compare.Rate("direct-write"))
		if !strings.HasPrefix(r.Refused, name) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	a, b := resulttest.Env(6, nil), resulttest.Env(6, nil)
	if why := compare.MixedRuns(&a, &b); why != "" {
		t.Errorf("the same environment is refused: %s", why)
	}
	b.Kernel = "6.12"
	if why := compare.MixedRuns(&a, &b); !strings.HasPrefix(why, "different kernels") {
		t.Errorf("kernels 6.18 and 6.12: %q", why)
	}
}

func TestFailedRepetitionsHaveNoRate(t *testing.T) {
	records := resulttest.Records(1, 6, []int{8})
	c := of("addlock-nofdm", "self-buffer")
	if s := compare.Series(records, c, compare.Rate("direct-write")); len(s) != 0 {
		t.Errorf("deadlocks have rates: %v", s)
	}
	if got := len(compare.Of(records, c)); got != 6 {
		t.Errorf("%d records of %v, want 6", got, c)
	}
	if e := compare.Summary(records, c, compare.P99("direct-write")); e.N != 0 || len(e.Warnings) == 0 {
		t.Errorf("%+v", e)
	}
}

func TestChances(t *testing.T) {
	records := resulttest.Records(1, 6, []int{8})
	if c := compare.Stale(records, of("addlock", "direct-write+store")); !c.Bound() || c.Trials < 6*900 {
		t.Errorf("addlock: %+v, want a bound", c)
	}
	if c := compare.Stale(records, of("none", "direct-write+store")); c.Value < 0.35 || c.Value > 0.45 || c.Lo > c.Value || c.Hi < c.Value {
		t.Errorf("none: %+v, want about 0.4", c)
	}
	if c := compare.Lost(records, of("double-invalidate", "direct-write+store")); c.Events != 48 || c.Trials < 6*900 {
		t.Errorf("double-invalidate: %+v, want 48 rounds with losses", c)
	}
	if c := compare.Stale(records, of("raw", "direct-write")); c.None != "no exposures" {
		t.Errorf("raw: %+v", c)
	}
}

func TestCases(t *testing.T) {
	cases := compare.Cases(resulttest.Records(1, 2, []int{1, 8}))
	if want := 8 * 4 * 2; len(cases) != want {
		t.Errorf("%d cases, want %d", len(cases), want)
	}
}

func ExampleAgainst() {
	records := resulttest.Records(1, 10, []int{8}) // made up
	invalidate := result.Case{Engine: "invalidate-lock", Workload: "direct-write", Threads: 8,
		MMU: "soft", IO: "direct", Block: 4096, Size: 64 << 20}
	metric := compare.Rate("direct-write")
	raw, _ := compare.Base(records, invalidate, "raw")
	r := compare.Against(records, invalidate, raw, metric)
	noise := compare.AA(records, invalidate, metric)
	fmt.Printf("%.1f of raw: %s\n", r.Center, r.Verdict(noise))
	// Output: 0.3 of raw: different
}
