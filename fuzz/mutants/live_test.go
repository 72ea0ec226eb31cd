package mutants

import "testing"

// TestNothingLive: on real threads nothing is found in the right code either.
func TestNothingLive(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	h := &hunt{Config: Config{Seed: 7}}
	c, err := h.live()
	if err != nil {
		t.Fatal(err)
	}
	if c != nil {
		t.Errorf("%s on %s after %d runs:\n%s", c.Kind, c.Engine, c.Runs, c.Witness)
	}
	if h.runs < livePrograms {
		t.Errorf("%d runs", h.runs)
	}
}
