package mutants

import "testing"

// TestNothingInTheRightCodeThatFails: whatever fails under the right code,
// nothing is found.
func TestNothingInTheRightCodeThatFails(t *testing.T) {
	h := &hunt{Config: Config{Seed: 7, Programs: faultyPrograms}}
	if testing.Short() {
		h.Programs = 600
	}
	for _, hunter := range []func() (*Catch, error){h.faults, h.alone} {
		c, err := hunter()
		if err != nil {
			t.Fatal(err)
		}
		if c != nil {
			t.Errorf("%s finds %s on %s:\n%v", c.By, c.Kind, c.Engine, c.Witness)
		}
	}
	if h.runs < int64(h.Programs+alonePrograms) {
		t.Errorf("%d runs", h.runs)
	}
}
