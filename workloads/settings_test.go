package workloads

import (
	"strings"
	"testing"
)

// TestSettings: every setting changes something, reads back, and refuses
// nonsense.
func TestSettings(t *testing.T) {
	for _, s := range Settings() {
		p := DirectWriteStore.Defaults
		before := s.Get(&p)
		value := map[string]string{"4": "7", "1000": "7", "20us": "7ms", "poisson": "poisson", "prealloc": "holes"}[s.Example]
		if err := p.Set(s.Name, value); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if got := s.Get(&p); got != value || got == before {
			t.Errorf("%s: %q after setting %q, was %q", s.Name, got, value, before)
		}
		if err := p.Set(s.Name, "x"); err == nil || !strings.Contains(err.Error(), s.Example) {
			t.Errorf("%s=x: %v, want an example of a value", s.Name, err)
		}
	}
	p := DirectWriteStore.Defaults
	if err := p.Set("partner", "1"); err == nil || !strings.Contains(err.Error(), "partners") {
		t.Errorf("unknown setting: %v, want the list of those there are", err)
	}
}
