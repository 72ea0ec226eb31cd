package libfuzzer

import "testing"

// TestApart: every input has been run when the call returns.
func TestApart(t *testing.T) {
	sum := 0
	run := Apart(func(data []byte) { sum += len(data) })
	for i := range 10 {
		run(make([]byte, i))
	}
	if sum != 45 {
		t.Errorf("%d bytes were seen, not 45", sum)
	}
}
