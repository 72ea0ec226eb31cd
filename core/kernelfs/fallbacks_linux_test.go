package kernelfs

import (
	"errors"
	"slices"
	"testing"

	"cohbench/core"
	"cohbench/core/disk"
)

// Direct writes that are direct are none that became buffered; where the file
// system buffers them all, all of them are. What others do to other files
// meanwhile is not counted.
func TestFallbacks(t *testing.T) {
	for _, e := range []Engine{{}, {Direct: AIO}, {Direct: URing}} {
		t.Run(e.Name(), func(t *testing.T) {
			x := setup(t, e)
			x.busy(x.open(Engine{}, "neighbour"))
			if err := x.f.CountFallbacks(); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			} else {
				x.must(err)
			}
			const writes = 7
			for i := range int64(writes) {
				_, err := x.f.WriteDirect(x.a, core.Buffer{Mem: pattern(core.PageSize, byte(i))}, i*core.PageSize)
				x.must(err)
				_, err = x.f.ReadDirect(x.a, core.Buffer{Mem: disk.Block(core.PageSize)}, i*core.PageSize)
				x.must(err)
			}
			n, err := x.f.Fallbacks()
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			x.must(err)
			want := int64(0)
			if x.f.known == disk.Buffered {
				want = writes
			}
			if n != want {
				t.Errorf("%d of %d direct writes became buffered ones, want %d", n, writes, want)
			}
		})
	}
}

// busy writes directly to a file until the test ends.
func (x *fixture) busy(f *file) {
	quit, done := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-quit:
				done <- nil
				return
			default:
			}
			if _, err := f.WriteDirect(x.b, core.Buffer{Mem: disk.Block(core.PageSize)}, 0); err != nil {
				<-quit
				done <- err
				return
			}
		}
	}()
	x.Cleanup(func() {
		close(quit)
		x.must(<-done)
	})
}

func TestFallbacksNeedCounters(t *testing.T) {
	x := setup(t, Engine{})
	if _, err := x.f.Fallbacks(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("counted without counters: %v", err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, c := range []struct {
		name, text string
		id         uint64
		ok         bool
	}{
		{"an event", "name: a\nID: 1142\nformat:\n\tfield:u64 ino;", 1142, true},
		{"no number", "format:", 0, false},
		{"too large", "ID: 99999999999999999999", 0, false},
	} {
		id, err := parseFormat(c.text)
		if c.ok && id != c.id || (err == nil) != c.ok {
			t.Errorf("%s: %d, %v", c.name, id, err)
		}
	}
}

func TestParseCPUs(t *testing.T) {
	if got, err := parseCPUs("0-2,5,7-7"); err != nil || !slices.Equal(got, []int{0, 1, 2, 5, 7}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseCPUs("all"); err == nil {
		t.Error("no error")
	}
}
