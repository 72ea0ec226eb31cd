package litmus_test

import (
	"os"
	"slices"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// shortBudget is how many steps of a search -short takes: enough for most.
const shortBudget = 60_000

// TestSuite: each test has the verdict that it expects, on every policy; with
// -short on two, if the search ends within a budget.
func TestSuite(t *testing.T) {
	policies, cfg := coherence.All(), litmus.Config{Bound: 2}
	if testing.Short() {
		policies = []*core.Policy{coherence.AddLock, coherence.DoubleInvalidate}
		cfg.Budget = shortBudget
	}
	tests, judged := suite(t), 0
	for _, p := range tests {
		t.Run(p.Name, func(t *testing.T) {
			for _, policy := range policies {
				if holds(t, p, policy, cfg) {
					judged++
				}
			}
		})
	}
	if all := len(tests) * len(policies); judged < all/2 {
		t.Errorf("%d of %d verdicts within the budget", judged, all)
	}
}

// holds checks one verdict, and reports whether there was one.
func holds(t *testing.T, p *prog.Program, policy *core.Policy, cfg litmus.Config) bool {
	t.Helper()
	r, err := litmus.Search(t.Context(), p, &core.Model{Policy: policy}, cfg)
	switch {
	case err != nil:
		t.Error(err)
	case r.Verdict == prog.Unknown && cfg.Budget > 0:
		return false
	case !r.OK():
		t.Errorf("%s: %v (%s), expected %v", policy.Name, r.Verdict, r.Extent(), r.Expected)
	case r.Seen&^p.Seeks()&prog.Panic != 0:
		t.Errorf("%s: panics, which the test does not look for", policy.Name)
	}
	return true
}

func suite(t *testing.T) []*prog.Program {
	t.Helper()
	suite, err := litmus.Suite()
	if err != nil {
		t.Fatal(err)
	}
	return suite
}

// TestSuiteIsWhole: each test says what it is about, looks for something, and
// expects a verdict of each policy; and each policy that claims something is
// held to it, but for what its claim leaves out.
func TestSuiteIsWhole(t *testing.T) {
	for _, p := range suite(t) {
		if p.Doc == "" || len(p.Conds) == 0 {
			t.Errorf("%s: no comment, or nothing looked for", p.Name)
		}
		for _, policy := range coherence.All() {
			want, ok := p.Expected(policy.Name)
			if !ok {
				t.Errorf("%s: expects nothing of %s", p.Name, policy.Name)
			}
			claims := policy.Claims
			if claims.DeadlockFree && (want == prog.Deadlocks || want == prog.Livelocks) && !beyondClaims(p) {
				t.Errorf("%s: expects %v of %s, which claims to be free of it", p.Name, want, policy.Name)
			}
			if claims.Coherent && want != prog.Never && p.Seeks()&prog.Incoherence != 0 && want != prog.Deadlocks && want != prog.Livelocks && !beyondClaims(p) {
				t.Errorf("%s: expects %v of %s, which claims coherence", p.Name, want, policy.Name)
			}
		}
	}
}

// beyondClaims reports whether a program does what no claim covers: what the
// fuzzer leaves out (prog.Program.Tame), but of direct IO by the sector only
// reads into mappings.
func beyondClaims(p *prog.Program) bool {
	if p.Options.Set == prog.Sectors {
		return slices.ContainsFunc(p.Tasks, func(t prog.Task) bool {
			return slices.ContainsFunc(t.Ops, func(o prog.Op) bool { return o.Kind == prog.ReadDirect && o.Buf.Mapped })
		})
	}
	tame := p.Clone()
	tame.Tame()
	return tame.String() != p.String()
}

// TestSuiteIsCanonical: the files are as prog prints them.
func TestSuiteIsCanonical(t *testing.T) {
	for _, p := range suite(t) {
		text, err := os.ReadFile(p.Name + ".coh")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.String(); got != string(text) {
			t.Errorf("%s.coh: is printed as\n%s", p.Name, got)
		}
	}
}
