package sequential

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
)

// seeds is the raw inputs of the corpus, by file name.
func seeds(tb testing.TB) map[string][]byte {
	names, err := filepath.Glob("corpus/*")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no corpus: %v", err)
	}
	m := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		m[filepath.Base(name)] = data
	}
	return m
}

// FuzzRun is Run behind go test -fuzz.
func FuzzRun(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { Run(data) })
}

// TestCorpusOnEveryEngine runs each seed on all engines, whichever its first
// byte chooses.
func TestCorpusOnEveryEngine(t *testing.T) {
	for name, data := range seeds(t) {
		for _, e := range targets() {
			if f := runOn(e, parse(data)); f != nil {
				t.Errorf("%s on %s: %v\n%s", name, e.Name(), f, f.trace)
			}
		}
	}
}

// random is a program of n operations.
func random(rng *rand.Rand, n int) []byte {
	data := make([]byte, 2+n*opSize)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

func TestRandomPrograms(t *testing.T) {
	seed, n := rand.Uint64(), 300
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range n {
		data := random(rng, 60)
		for _, e := range targets() {
			if f := runOn(e, parse(data)); f != nil {
				t.Fatalf("%s: %v\n%s", e.Name(), f, f.trace)
			}
		}
	}
}

// caught is the number of random programs until the engine is caught.
func caught(t *testing.T, e core.Engine, budget int) *finding {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range budget {
		if f := runOn(e, parse(random(rng, 60))); f != nil {
			t.Logf("caught by program %d: %v", i, f)
			return f
		}
	}
	t.Errorf("%s is not caught within %d programs", e.Name(), budget)
	return nil
}

// TestTwinsAreCaught is what shows that the target can fail.
func TestTwinsAreCaught(t *testing.T) {
	t.Run("no invalidation", func(t *testing.T) {
		caught(t, &core.Model{Policy: coherence.None}, 20)
	})
	t.Run("no flush before direct reads", func(t *testing.T) {
		p := *coherence.AddLock
		p.FlushReads = false
		caught(t, &core.Model{Policy: &p}, 20)
	})
	t.Run("an add that is never given back", func(t *testing.T) {
		p := *coherence.AddLock
		p.Hooks = leakyHooks{p.Hooks}
		if f := caught(t, &core.Model{Policy: &p}, 20); f != nil && f.what != "fuzz: a task waits for itself" {
			t.Errorf("caught as %q, want a deadlock", f.what)
		}
	})
}

// leakyHooks forgets to end a buffered operation.
type leakyHooks struct{ core.Hooks }

func (leakyHooks) EndBuffered(*core.Task, *core.AddressSpace) {}

// TestLocksAreHeldToTheirRules has a lock that grants every TryBlock.
func TestLocksAreHeldToTheirRules(t *testing.T) {
	th := sched.NewGroup().Thread("test")
	m := &lockModel{lock: lenient{new(core.TwoStateLock)}}
	if err := m.do(th, tryAdd); err != nil {
		t.Fatal(err)
	}
	if m.do(th, tryBlock) == nil {
		t.Error("a blocker beside an adder is not found")
	}
}

type lenient struct{ core.PagecacheLock }

func (lenient) TryBlock(*sched.Thread) bool { return true }

func TestReport(t *testing.T) {
	var b strings.Builder
	f := &finding{&failure{"fuzz: what", "detail"}, "   0  task 0: sync\n"}
	f.report(&b, coherence.Engines()[1], 16)
	want := "engine addlock, file of 0x10 bytes\n   0  task 0: sync\nfuzz: what: detail\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestRunLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		Run([]byte{1, 9, 5, 0, 0, 9, 7, 0, 3, 0})
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestParseBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 2000 {
		for _, o := range parse(random(rng, n%9)[:max(0, n%35)%max(1, 2+n%9*opSize)]).ops {
			if o.off < 0 || o.n < 0 || o.off+o.n > maxSize || o.size > maxSize || o.src < 0 || o.task >= tasks {
				t.Fatalf("out of bounds: %+v", o)
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	data := random(rand.New(rand.NewPCG(1, 2)), 30)
	for b.Loop() {
		Run(data)
	}
}
