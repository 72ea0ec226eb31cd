package sched

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// recorder notes who was picked.
type recorder struct {
	Picker
	picks []int
}

func (r *recorder) Pick(runnable []*Thread, current *Thread, loc Loc, kind Kind) *Thread {
	t := r.Picker.Pick(runnable, current, loc, kind)
	r.picks = append(r.picks, t.ID)
	return t
}

// crossed takes two mutexes in opposite orders.
func crossed(g *Group) {
	ms := newMutexes(2)
	for i := range 2 {
		g.Go(fmt.Sprint("t", i), func(th *Thread) {
			if ms[i].lock(th) != nil {
				return
			}
			defer ms[i].unlock(th)
			if ms[1-i].lock(th) == nil {
				ms[1-i].unlock(th)
			}
		})
	}
}

func TestDetermDeadlock(t *testing.T) {
	noLeak(t)
	deadlocks := 0
	for seed := range uint64(200) {
		var picks [2][]int
		var reports [2]string
		for again := range 2 {
			r := &recorder{Picker: Random{random(seed)}}
			g := NewDeterm(Config{Picker: r})
			crossed(g)
			var d *Deadlock
			if err := g.Wait(); err != nil {
				if !errors.As(err, &d) || len(d.Blocked) != 2 {
					t.Fatalf("seed %d: %v", seed, err)
				}
				reports[again] = d.String()
			}
			picks[again] = r.picks
		}
		if !reflect.DeepEqual(picks[0], picks[1]) || reports[0] != reports[1] {
			t.Fatalf("seed %d: not the same twice", seed)
		}
		if reports[0] != "" {
			deadlocks++
		}
	}
	if deadlocks < 20 || deadlocks > 180 {
		t.Errorf("%d deadlocks in 200 schedules", deadlocks)
	}
}

func TestDetermPanic(t *testing.T) {
	noLeak(t)
	g := NewDeterm(Config{Picker: &RoundRobin{}})
	m := newMutexes(1)[0]
	unwound := false
	g.Go("waits", func(th *Thread) {
		m.held.Store(true)
		unwound = errors.Is(m.lock(th), ErrCanceled)
	})
	g.Go("panics", func(th *Thread) {
		th.Yield(LocAny, KindRead)
		causeOfThePanic()
	})
	var p *PanicError
	if err := g.Wait(); !errors.As(err, &p) || p.Value != "oops" || p.Thread.Name != "panics" {
		t.Fatalf("Wait: %v", err)
	}
	if !strings.Contains(string(p.Stack), "causeOfThePanic") || !unwound {
		t.Errorf("unwound %v, stack:\n%s", unwound, p.Stack)
	}
}

func causeOfThePanic() { panic("oops") }

// A case that does not end is cancelled; who does not listen to that is
// unwound.
func TestDetermSteps(t *testing.T) {
	noLeak(t)
	for _, listens := range []bool{true, false} {
		g := NewDeterm(Config{Picker: &RoundRobin{}, MaxSteps: 1000})
		ended, deferred := 0, 0
		for i := range 3 {
			g.Go(fmt.Sprint(i), func(th *Thread) {
				defer func() {
					deferred++
					th.Yield(LocAny, KindWrite)
				}()
				for !listens || th.Err() == nil {
					th.Yield(LocAny, KindRead)
				}
				ended++
			})
		}
		if err := g.Wait(); !errors.Is(err, ErrSteps) {
			t.Errorf("Wait: %v", err)
		}
		if deferred != 3 || listens != (ended == 3) {
			t.Errorf("listens %v: %d ended, %d deferred", listens, ended, deferred)
		}
	}
}

// A thread that the caller runs itself can work, but not wait.
func TestDetermOutsider(t *testing.T) {
	noLeak(t)
	g := NewDeterm(Config{Picker: &RoundRobin{}})
	m := newMutexes(1)[0]
	th := g.Thread("outsider")
	if err := m.lock(th); err != nil {
		t.Fatal(err)
	}
	var d *Deadlock
	if err := m.lock(th); !errors.As(err, &d) || len(d.Blocked) != 1 {
		t.Errorf("second lock: %v", err)
	}
}

// Threads may start others, and the group may be abandoned.
func TestDetermGo(t *testing.T) {
	noLeak(t)
	g := NewDeterm(Config{Picker: Random{random(1)}})
	n := 0
	g.Go("parent", func(th *Thread) {
		for i := range 3 {
			g.Go(fmt.Sprint("child ", i), func(th *Thread) {
				th.Yield(LocAny, KindWrite)
				n++
			})
		}
	})
	if err := g.Wait(); err != nil || n != 3 {
		t.Errorf("%v, %d children ran", err, n)
	}
	g.Go("later", func(*Thread) { n++ })
	if err := g.Wait(); err != nil || n != 4 {
		t.Errorf("%v, %d ran", err, n)
	}
}

func TestDetermGoexit(t *testing.T) {
	noLeak(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		g := NewDeterm(Config{Picker: &RoundRobin{}})
		g.Go("waits", func(th *Thread) { th.Yield(LocAny, KindRead) })
		g.Go("exits", func(th *Thread) { runtime.Goexit() })
		g.Wait()
		t.Error("Wait returned")
	}()
	<-done
}

// A Determ runs case after case with the same threads, whatever became of the
// case before, and makes nothing anew.
func TestDetermReset(t *testing.T) {
	noLeak(t)
	var d Determ
	defer d.Close()
	var before []*Thread
	m, picker := newMutexes(1)[0], &RoundRobin{}
	var err error
	counts := func(th *Thread) {
		if err = m.lock(th); err == nil {
			m.unlock(th)
		}
	}
	fine := func() error {
		g := d.Reset(Config{Picker: picker, Record: true})
		g.Thread("outsider")
		g.Go("a", counts)
		g.Go("b", counts)
		return g.Wait()
	}
	bad := []func(g *Group){
		crossed,
		func(g *Group) { g.Go("panics", func(*Thread) { panic("oops") }) },
		func(g *Group) { g.Go("never ends", func(th *Thread) { endless(th) }) },
		func(g *Group) { g.Go("outlives", func(th *Thread) { defer endless(th); endless(th) }) },
	}
	for i, add := range bad {
		g := d.Reset(Config{Picker: &RoundRobin{}, MaxSteps: 100})
		add(g)
		if g.Wait() == nil {
			t.Errorf("bad case %d ended well", i)
		}
		if err := fine(); err != nil {
			t.Fatalf("after bad case %d: %v", i, err)
		}
		if now := d.group.Threads(); before != nil && !slices.Equal(now, before) {
			t.Error("other threads than before")
		}
		before = d.group.Threads()
	}
	if n := testing.AllocsPerRun(100, func() { fine() }); n != 0 {
		t.Errorf("%v allocations a case", n)
	}
}

func endless(th *Thread) {
	for {
		th.Yield(LocAny, KindRead)
	}
}

// Picking nobody abandons the case.
func TestDetermAbandon(t *testing.T) {
	noLeak(t)
	for _, force := range []bool{false, true} {
		calls := 0
		g := NewDeterm(Config{Picker: pickFunc(func(runnable []*Thread, current *Thread) *Thread {
			if calls++; calls > 1 && (current == nil) == force {
				return nil
			}
			return runnable[0]
		})})
		unwound := 0
		for range 2 {
			g.Go("", func(th *Thread) {
				defer func() { unwound++ }()
				th.Yield(1, KindRead)
				th.Yield(1, KindSpin)
				t.Error("went on")
			})
		}
		if err := g.Wait(); !errors.Is(err, ErrAbandoned) || unwound == 0 {
			t.Errorf("force %v: %v, %d unwound", force, err, unwound)
		}
	}
}

type pickFunc func(runnable []*Thread, current *Thread) *Thread

func (f pickFunc) Pick(runnable []*Thread, current *Thread, _ Loc, _ Kind) *Thread {
	return f(runnable, current)
}

func BenchmarkDetermYield(b *testing.B) {
	for _, picker := range []struct {
		name string
		p    Picker
	}{{"stay", stay{}}, {"switch", &RoundRobin{}}} {
		b.Run("picker="+picker.name, func(b *testing.B) {
			g := NewDeterm(Config{Picker: picker.p, MaxSteps: 1 << 62})
			for i := range 2 {
				g.Go(fmt.Sprint(i), func(th *Thread) {
					for range b.N / 2 {
						th.Yield(LocAny, KindRead)
					}
				})
			}
			g.Wait()
		})
	}
}

// stay never preempts.
type stay struct{}

func (stay) Pick(runnable []*Thread, current *Thread, _ Loc, _ Kind) *Thread {
	if current != nil {
		return current
	}
	return runnable[0]
}
