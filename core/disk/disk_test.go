package disk

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"cohbench/core/sched"
)

const testSize = 64 << 10

// thread is a thread for a test that needs no second one.
func thread() *sched.Thread { return sched.NewGroup().Thread("test") }

// conform checks a new, empty disk of testSize bytes against an array of
// bytes, sequentially.
func conform(t *testing.T, d Disk, rng *rand.Rand) {
	t.Helper()
	th, align := thread(), int64(d.Align().Offset)
	model := make([]byte, testSize)
	for i := range 300 {
		off := rng.Int64N(testSize/align) * align
		n := min(1+rng.Int64N(8), (2*testSize-off)/align) * align
		text := fmt.Sprintf("operation %d [%#x, %#x)", i, off, off+n)
		switch rng.IntN(6) {
		case 0, 1, 2:
			p := Block(int(n))
			fill(p, rng)
			if k, err := d.WriteAt(th, p, off); k != len(p) || err != nil {
				t.Fatalf("%s: write: %d, %v", text, k, err)
			}
			model = resized(model, max(int64(len(model)), off+n))
			copy(model[off:], p)
		case 3:
			if err := d.PunchHole(th, off+1, n); err != nil {
				t.Fatalf("%s: punch: %v", text, err)
			}
			clear(model[min(off+1, int64(len(model))):min(off+1+n, int64(len(model)))])
		case 4:
			if err := d.Truncate(th, off+3); err != nil {
				t.Fatalf("%s: truncate: %v", text, err)
			}
			model = resized(model, off+3)
		case 5:
			if err := d.Sync(th); err != nil {
				t.Fatalf("%s: sync: %v", text, err)
			}
		}
		same(t, text, d, model)
	}
}

// same checks all of d, and as much again beyond its end.
func same(t *testing.T, text string, d Disk, model []byte) {
	t.Helper()
	if d.Size() != int64(len(model)) {
		t.Fatalf("%s: size %d, want %d", text, d.Size(), len(model))
	}
	p := Block(3 * testSize)
	p[len(p)-1] = 1
	if err := d.ReadAt(thread(), p, 0); err != nil {
		t.Fatalf("%s: read: %v", text, err)
	}
	if want := resized(model, int64(len(p))); !bytes.Equal(p, want) {
		t.Fatalf("%s: the contents differ from the model's, first at %#x", text, firstDiff(p, want))
	}
}

func firstDiff(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// resized is a copy of p of n bytes, zeros added.
func resized(p []byte, n int64) []byte {
	q := make([]byte, n)
	copy(q, p)
	return q
}

func fill(p []byte, rng *rand.Rand) {
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
}

// seeded is a source of randomness whose seed is printed.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestAlignRefused(t *testing.T) {
	d, th := NewMemory(testSize), thread()
	for _, c := range []struct {
		n   int
		off int64
	}{{512, 1}, {511, 0}, {512, -512}} {
		if err := d.ReadAt(th, make([]byte, c.n), c.off); !errors.Is(err, ErrAlign) {
			t.Errorf("read of %d bytes at %d: %v, want ErrAlign", c.n, c.off, err)
		}
		if n, err := d.WriteAt(th, make([]byte, c.n), c.off); n != 0 || !errors.Is(err, ErrAlign) {
			t.Errorf("write of %d bytes at %d: %d, %v, want ErrAlign", c.n, c.off, n, err)
		}
	}
}

func TestUnsupportedError(t *testing.T) {
	err := fmt.Errorf("probe: %w", &UnsupportedError{"O_DIRECT", "no device"})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Error("an UnsupportedError is not errors.ErrUnsupported")
	}
	if got, want := err.Error(), "probe: O_DIRECT: not supported: no device"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
