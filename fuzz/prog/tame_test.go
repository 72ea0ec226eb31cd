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

// TestTameEnds: a file that is stored to behind its end, in its last page, ends
// with that page; others keep their length.
func TestTameEnds(t *testing.T) {
	for text, size := range map[string]int64{
		"file A 512 bytes\ntask s: dwrite A[1]\ntask t: copyin A[0]\n": PageSize,
		"file A 512 bytes\ntask s: store A[0]+512\n":                   PageSize,
		"file A 512 bytes\ntask s: store A[0]+8; store A[1]\n":         512,
		"file A 512 bytes\ntask s: write A[0]; load A[0]+512\n":        512,
	} {
		p, err := Parse("test.coh", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if p.Tame(); p.Files[0].Size != size {
			t.Errorf("%s has %d bytes, want %d", text, p.Files[0].Size, size)
		}
	}
}
