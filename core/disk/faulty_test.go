package disk

import (
	"errors"
	"testing"
)

func TestFaultyConformsWithoutRules(t *testing.T) {
	conform(t, NewFaulty(NewMemory(testSize)), seeded(t))
}

func TestFaultyCounts(t *testing.T) {
	f := NewFaulty(NewMemory(testSize), Rule{Ops: OpRead, After: 2, Count: 3})
	th, p := thread(), Block(512)
	got := ""
	for range 8 {
		if f.ReadAt(th, p, 0) == nil {
			got += "."
		} else {
			got += "x"
		}
	}
	if want := "..xxx..."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if f.Hits() != 3 {
		t.Errorf("%d hits, want 3", f.Hits())
	}
}

func TestFaultyRange(t *testing.T) {
	f := NewFaulty(NewMemory(testSize), Rule{Ops: OpWrite, Off: 4096, Len: 512})
	th := thread()
	for _, c := range []struct {
		off  int64
		n    int
		fail bool
	}{{3584, 512, false}, {3584, 1024, true}, {4096, 512, true}, {4608, 512, false}, {0, 8192, true}} {
		_, err := f.WriteAt(th, Block(c.n), c.off)
		if errors.Is(err, ErrInjected) != c.fail {
			t.Errorf("write of %d bytes at %d: %v, want failure %v", c.n, c.off, err, c.fail)
		}
	}
}

func TestFaultyShortWrite(t *testing.T) {
	custom := errors.New("custom")
	f := NewFaulty(NewMemory(testSize), Rule{Ops: OpWrite, Short: 1500, Err: custom})
	th, p := thread(), Block(4096)
	for i := range p {
		p[i] = 7
	}
	n, err := f.WriteAt(th, p, 0)
	if n != 1024 || !errors.Is(err, custom) {
		t.Fatalf("short write: %d, %v, want 1024 and the rule's error", n, err)
	}
	want := resized(p[:1024], testSize)
	same(t, "after the short write", f, want)
}

func TestFaultyOps(t *testing.T) {
	th := thread()
	do := map[Op]func(d Disk) error{
		OpRead:     func(d Disk) error { return d.ReadAt(th, Block(512), 0) },
		OpWrite:    func(d Disk) error { _, err := d.WriteAt(th, Block(512), 0); return err },
		OpTruncate: func(d Disk) error { return d.Truncate(th, 512) },
		OpPunch:    func(d Disk) error { return d.PunchHole(th, 0, 512) },
		OpSync:     func(d Disk) error { return d.Sync(th) },
	}
	for op, call := range do {
		for rule := range do {
			err := call(NewFaulty(NewMemory(testSize), Rule{Ops: rule}))
			if (err != nil) != (op == rule) {
				t.Errorf("operation %#x under a rule for %#x: %v", op, rule, err)
			}
		}
	}
}

func TestFaultyDelay(t *testing.T) {
	f := NewFaulty(NewMemory(testSize), Rule{Ops: OpSync, Delay: 2e6, DelayOnly: true})
	th := thread()
	start := th.Now()
	if err := f.Sync(th); err != nil {
		t.Fatal(err)
	}
	if waited := th.Now() - start; waited < 2e6 {
		t.Errorf("waited %d ns, want at least 2 ms", waited)
	}
}
