package litmus_test

import (
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/litmus"
)

// TestSuite: each test has the verdict that it expects, on every policy.
func TestSuite(t *testing.T) {
	bound := 2
	if testing.Short() {
		bound = 1
	}
	suite, err := litmus.Suite()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range suite {
		t.Run(p.Name, func(t *testing.T) {
			for _, policy := range coherence.All() {
				r, err := litmus.Search(p, &core.Model{Policy: policy}, litmus.Config{Bound: bound})
				if err != nil {
					t.Error(err)
				} else if !r.OK() {
					t.Errorf("%s: %v (%s), expected %v", policy.Name, r.Verdict, r.Extent(), r.Expected)
				}
			}
		})
	}
}
