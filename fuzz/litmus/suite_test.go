package litmus_test

import (
	"os"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// TestSuite: each test has the verdict that it expects, on every policy; with
// -short, on one of each kind.
func TestSuite(t *testing.T) {
	policies := coherence.All()
	if testing.Short() {
		policies = []*core.Policy{coherence.AddLock, coherence.InvalidateLock, coherence.DoubleInvalidate}
	}
	for _, p := range suite(t) {
		t.Run(p.Name, func(t *testing.T) {
			for _, policy := range policies {
				r, err := litmus.Search(p, &core.Model{Policy: policy}, litmus.Config{Bound: 2})
				switch {
				case err != nil:
					t.Error(err)
				case !r.OK():
					t.Errorf("%s: %v (%s), expected %v", policy.Name, r.Verdict, r.Extent(), r.Expected)
				case r.Seen&^p.Seeks()&prog.Panic != 0:
					t.Errorf("%s: panics, which the test does not look for", policy.Name)
				}
			}
		})
	}
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

// beyondClaims reports whether a program does what no claim covers: it breaks a
// rule on purpose, shares an mmap_lock, reflinks, splices, reads directly into a
// page that is written by the sector, or reads directly beside a truncate.
func beyondClaims(p *prog.Program) bool {
	if p.Options.Set&^prog.Sectors != 0 {
		return true
	}
	truncates, readsDirectly := false, false
	for i := range p.Tasks {
		for _, op := range p.Tasks[i].Ops {
			switch op.Kind {
			case prog.Splice, prog.Reflink:
				return true
			case prog.Truncate:
				truncates = true
			case prog.ReadDirect:
				readsDirectly = true
				if op.Buf.Mapped && p.Options.Has(prog.Sectors) {
					return true
				}
			}
		}
	}
	return truncates && readsDirectly
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
