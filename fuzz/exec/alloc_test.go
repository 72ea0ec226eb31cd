//go:build !race

package exec

import (
	"testing"

	"cohbench/core/coherence"
)

// TestRunDoesNotAllocate, once everything is there.
func TestRunDoesNotAllocate(t *testing.T) {
	for _, policy := range coherence.All() {
		r := newRunner(t, policy)
		p := parse(t, "file A 2 pages\ntask w: dwrite A[0]; sync A; read A[0]\ntask s: store A[0]+8; load A[1]; evict A\n")
		if n := testing.AllocsPerRun(20, func() { r.Run(p, stay{}) }); n != 0 {
			t.Errorf("%s: %v allocations", policy.Name, n)
		}
	}
}
