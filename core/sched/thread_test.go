package sched

import (
	"fmt"
	"testing"
	"time"
)

func TestHolds(t *testing.T) {
	th := NewGroup().Thread("a")
	os := make([]*Object, MaxHolds+3)
	for i := range os {
		os[i] = &Object{ID: uint64(i + 1)}
		th.Hold(os[i], Shared)
	}
	if len(th.Held()) != MaxHolds {
		t.Fatalf("%d holds", len(th.Held()))
	}
	// Out of order: from the middle, then one that did not fit.
	th.Release(os[3], Shared)
	th.Release(os[MaxHolds+1], Shared)
	for _, i := range []int{0, 1, 2, MaxHolds, MaxHolds + 2} {
		th.Release(os[i], Shared)
	}
	for i, h := range th.Held() {
		if want := (Hold{os[i+4], Shared}); h != want {
			t.Errorf("hold %d is %v, want %v", i, h, want)
		}
	}
	for i := 4; i < MaxHolds; i++ {
		th.Release(os[i], Shared)
	}
	if len(th.Held()) != 0 {
		t.Errorf("left: %v", th.Held())
	}
	defer func() {
		if recover() == nil {
			t.Error("a release of what is not held went unnoticed")
		}
	}()
	th.Release(os[0], Shared)
}

func TestConflict(t *testing.T) {
	compatible := map[[2]Mode]bool{
		{Shared, Shared}: true, {Add, Add}: true, {Block, Block}: true,
		{Shared, Add}: true, {Add, Shared}: true,
	}
	for held := range Mode(InFlight) {
		for want := range Mode(InFlight) {
			if Conflict(held, want) == compatible[[2]Mode{held, want}] {
				t.Errorf("Conflict(%v, %v) = %v", held, want, Conflict(held, want))
			}
		}
	}
	if !Conflict(InFlight, Drain) || Conflict(InFlight, InFlight) || Conflict(Drain, InFlight) {
		t.Error("in-flight and drain")
	}
}

// Spin yields for a while, then sleeps, so that whoever waits long does not
// burn a processor.
func TestSpinBacksOff(t *testing.T) {
	th := NewGroup().Thread("a")
	start := time.Now()
	for range spinYields {
		th.Spin(LocAny)
	}
	if th.lastSpin != 0 {
		t.Error("slept too early")
	}
	for range 20 {
		th.Spin(LocAny)
	}
	if d := time.Since(start); d < 10*time.Millisecond {
		t.Errorf("20 spins too many took %v only", d)
	}
	th.lastSpin -= int64(time.Second)
	th.Spin(LocAny)
	if th.spins != 0 {
		t.Error("a new loop does not start anew")
	}
}

type owner int

func (o owner) String() string { return fmt.Sprint("space ", int(o)) }

func TestObjectString(t *testing.T) {
	for _, c := range []struct {
		o    Object
		want string
		loc  Loc
	}{
		{Object{}, "lock", LocAny},
		{Object{Name: "rwsem", ID: 7}, "rwsem 7", 7},
		{Object{Name: "add lock", ID: 7, Owner: owner(3)}, "add lock of space 3", 7},
	} {
		if c.o.String() != c.want || c.o.Loc() != c.loc {
			t.Errorf("%q at %d, want %q at %d", c.o.String(), c.o.Loc(), c.want, c.loc)
		}
	}
}

func BenchmarkHold(b *testing.B) {
	th, o := NewGroup().Thread("a"), &Object{}
	for b.Loop() {
		th.Hold(o, Add)
		th.Release(o, Add)
	}
}

func BenchmarkYieldReal(b *testing.B) {
	th := NewGroup().Thread("a")
	for b.Loop() {
		th.Yield(1, KindRead)
	}
}
