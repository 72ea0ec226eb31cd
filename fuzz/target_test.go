package fuzz

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// seeds is the raw inputs of a target in the corpus.
func seeds(tb testing.TB, target string) (list [][]byte) {
	tb.Helper()
	names, err := filepath.Glob("corpus/" + target + "/*")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no corpus for %s: %v", target, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

func fuzzTarget(f *testing.F, name string, run func([]byte)) {
	for _, data := range seeds(f, name) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { run(data) })
}

func FuzzPolicies(f *testing.F) {
	t := NewTarget()
	f.Cleanup(t.Close)
	fuzzTarget(f, "policies", t.Run)
}

func FuzzLocks(f *testing.F) { fuzzTarget(f, "locks", RunLocks) }

func FuzzParser(f *testing.F) { fuzzTarget(f, "parser", RunParser) }

// TestInputs: the corpus's inputs come back from their programs.
func TestInputs(t *testing.T) {
	for _, data := range seeds(t, "policies") {
		p := Decode(data)
		if p.Size() == 0 {
			t.Errorf("a seed without operations:\n%v", p)
		}
		again, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := Decode(again); got.String() != p.String() {
			t.Errorf("%v\ncomes back as\n%v", p, got)
		}
	}
	if _, err := Encode(&prog.Program{Engine: "none"}); err == nil {
		t.Error("an engine that claims nothing is not refused")
	}
}

// panics returns what fn panics with.
func panics(fn func()) (what any) {
	defer func() { what = recover() }()
	fn()
	return nil
}

// TestTargetCatches: a program and schedule that lose an update are found on an
// engine which claims that they cannot.
func TestTargetCatches(t *testing.T) {
	var details bytes.Buffer
	old := Details
	Details = &details
	defer func() { Details = old }()

	target := NewTarget()
	defer target.Close()
	p := parse(t, "file A 1 page\ntask s: dwrite A[0]\ntask t: store A[0]+8\nengine addlock\n")
	input, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if what := panics(func() { target.Run(input) }); what != nil {
		t.Fatalf("addlock: %v\n%s", what, details.String())
	}
	// In its place one that claims what it does not keep.
	target.runners["addlock"].Close()
	target.runners["addlock"] = exec.New(broken())
	found := 0
	for i := range 64 {
		p.Files[0].Size = prog.PageSize * int64(1+i%2)
		p.Schedule = []prog.Switch{{After: int64(i / 2), To: 1}}
		data, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if panics(func() { target.Run(data) }) != nil {
			found++
		}
	}
	if found == 0 || !strings.Contains(details.String(), "task t: store A[0]+8") {
		t.Errorf("%d found:\n%s", found, details.String())
	}
}

// TestLocksCatch: a lock that lets everybody in is found.
func TestLocksCatch(t *testing.T) {
	what := panics(func() {
		x := &lockCase{lock: openLock{new(core.TwoStateLock)}}
		x.run([]byte{0, 1<<2 | 1, 2<<2 | 1, 0})
	})
	if what != "fuzz: a lock is held by those who exclude each other" {
		t.Error(what)
	}
}

// openLock grants everything at once.
type openLock struct{ core.PagecacheLock }

func (openLock) Add(*sched.Thread) error     { return nil }
func (openLock) Block(*sched.Thread) error   { return nil }
func (openLock) Unadd(*sched.Thread)         {}
func (openLock) Unblock(*sched.Thread)       {}
func (openLock) TryBlock(*sched.Thread) bool { return true }

// TestRegress: what was found once, and mended, is not found again.
func TestRegress(t *testing.T) {
	names, err := filepath.Glob("testdata/regress/*.coh")
	if err != nil || len(names) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range Claimants() {
			r := exec.New(m)
			p := parse(t, string(text))
			res := r.Run(p, &sched.Replay{Switches: Switches(p)})
			if res.Err != nil || res.Found&Wanted != 0 {
				t.Errorf("%s on %s: %s\n%s", name, m.Name(), res.Describe(), strings.Join(res.Report(), "\n"))
			}
			r.Close()
		}
	}
}

func BenchmarkTarget(b *testing.B) {
	target := NewTarget()
	defer target.Close()
	list := seeds(b, "policies")
	for i := 0; b.Loop(); i++ {
		target.Run(list[i%len(list)])
	}
}
