package compare_test

import (
	"strings"
	"testing"

	"cohbench/bench/compare"
)

func TestParseRule(t *testing.T) {
	for text, want := range map[string]compare.Rule{
		"direct-write:rate<-5%":                 {Class: "direct-write", Metric: "rate", Threshold: -0.05, Change: true},
		"direct-write+store/store:p99.9 > +10%": {Workload: "direct-write+store", Class: "store", Metric: "p99.9", Above: true, Threshold: 0.1, Change: true},
		"load:p99>2ms":                          {Class: "load", Metric: "p99", Above: true, Threshold: 2e6},
		"p50>1000":                              {Metric: "p50", Above: true, Threshold: 1000},
		"cpu>10%":                               {Metric: "cpu", Above: true, Threshold: 0.1, Change: true},
		"self-buffer/lost>0":                    {Workload: "self-buffer", Metric: "lost", Above: true},
		"stale>1e-4":                            {Metric: "stale", Above: true, Threshold: 1e-4},
	} {
		if got, err := compare.ParseRule(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, why := range map[string]string{
		"":                  "want [WORKLOAD/][CLASS:]METRIC",
		"rate=5%":           "want [WORKLOAD/][CLASS:]METRIC",
		"speed<5%":          `unknown metric "speed": there are rate, p50,`,
		"rate<":             `threshold "": want a change`,
		"rate<5 per cent":   "want a change such as -5%",
		"rate<2ms":          "want a change such as -5%",
		"rate<NaN%":         "want a change such as -5%",
		"stale>10%":         "stale has no base to be a part of",
		"direct-write:cpu<": "cpu is of a whole case and not of class direct-write",
	} {
		if _, err := compare.ParseRule(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %s", text, err, why)
		}
	}
}

func apply(t *testing.T, text string, matches []compare.Match) (failed, open, all int) {
	t.Helper()
	r, err := compare.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Apply(matches) {
		all++
		if f.Failed {
			failed++
		}
		if f.Open != "" {
			open++
		}
	}
	return failed, open, all
}

// invalidate-lock has about 0.29 of raw's rate, none is caught in one of four
// workloads.
func TestRules(t *testing.T) {
	raw, lock := sides("raw", "invalidate-lock")
	slow := mustMatch(t, raw, lock)
	_, none := sides("raw", "none")
	stale := mustMatch(t, compare.Side{Run: none.Run, Engine: "addlock"}, none)
	_, stuck := sides("raw", "addlock-nofdm")
	deadlock := mustMatch(t, compare.Side{Run: stuck.Run, Engine: "addlock"}, stuck)
	for _, tt := range []struct {
		rule              string
		matches           []compare.Match
		failed, open, all int
	}{
		{"direct-write/direct-write:rate<-5%", slow, 1, 0, 1},
		{"direct-write:rate<-5%", slow, 4, 0, 4},
		{"direct-write:rate<-90%", slow, 0, 0, 4},
		{"direct-write:rate>+5%", slow, 0, 0, 4},
		{"direct-write:rate<1e9", slow, 4, 0, 4},
		{"direct-write:rate>1e9", slow, 0, 0, 4},
		{"direct-write:p99>+20%", slow, 4, 0, 4},
		{"direct-write/cpu>+500%", slow, 0, 0, 1},
		{"lost>0", stale, 1, 0, 2},
		{"stale>0.9", stale, 0, 0, 2},
		{"truncate:rate<-5%", slow, 0, 0, 0},
		{"self-buffer/direct-write:rate<-5%", deadlock, 0, 1, 1},
	} {
		if failed, open, all := apply(t, tt.rule, tt.matches); failed != tt.failed || open != tt.open || all != tt.all {
			t.Errorf("%s: %d failed, %d open of %d; want %d, %d of %d", tt.rule, failed, open, all, tt.failed, tt.open, tt.all)
		}
	}
}

// A rule fails only beyond the threshold, and beyond what two identical
// engines differ by.
func TestRuleBeyondThreshold(t *testing.T) {
	noisy := func(lo, hi float64) compare.Ratio {
		return compare.Ratio{Estimate: compare.Estimate{Center: (lo + hi) / 2, Lo: lo, Hi: hi, Confidence: 0.97, N: 10}}
	}
	for _, tt := range []struct {
		name   string
		ratio  compare.Ratio
		aa     compare.Ratio
		failed bool
		sure   bool
	}{
		{"wholly beyond", noisy(0.90, 0.94), compare.Ratio{Refused: "none"}, true, true},
		{"reaches the threshold", noisy(0.90, 0.96), compare.Ratio{Refused: "none"}, false, false},
		{"beyond by less than the noise", noisy(0.90, 0.94), noisy(0.98, 1.01), false, false},
		{"beyond by more than the noise", noisy(0.90, 0.94), noisy(0.995, 1.004), true, true},
		{"short of it", noisy(0.97, 0.99), noisy(0.995, 1.004), false, true},
	} {
		m := []compare.Match{{Rows: []compare.Row{{Metric: compare.Rate("x"), Ratio: tt.ratio, AA: tt.aa}}}}
		rule, err := compare.ParseRule("x:rate<-5%")
		if err != nil {
			t.Fatal(err)
		}
		if f := rule.Apply(m); len(f) != 1 || f[0].Failed != tt.failed || f[0].Sure != tt.sure {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
}
