package prog

import (
	"strings"
	"testing"
)

// TestTameDirectReads: a direct read into pinned pages that may leave their
// cache meanwhile gets memory of its own; another keeps its buffer.
func TestTameDirectReads(t *testing.T) {
	for text, keeps := range map[string]bool{
		"task s: dread B[0] into A[0]; dread A[0]\ntask t: punch A[0]\n":                      false,
		"task s: dread B[0] into A[0]\ntask t: zero A[0]\n":                                   false,
		"task s: dread B[0] into A[0]\ntask t: dwrite A[0] from B[0]\n":                       false,
		"task s: dread B[0] into A[0]; dread A[0]\ntask t: punch B[0]; dwrite B[0]; sync A\n": true,
	} {
		p, err := Parse("test.coh", []byte("file A 1 page\nfile B 1 page\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		p.Tame()
		if got := strings.Contains(p.String(), "into A[0]"); got != keeps {
			t.Errorf("%s becomes\n%v", text, p)
		}
	}
}
