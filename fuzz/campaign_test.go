package fuzz

import (
	"fmt"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

func parse(t testing.TB, text string) *prog.Program {
	t.Helper()
	p, err := prog.Parse("test.coh", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// broken is an engine that loses updates.
func broken() *core.Model { return &core.Model{Policy: coherence.DoubleInvalidate} }

// campaign runs one with a single worker and returns what it found.
func campaign(t *testing.T, cfg Config) (*Campaign, []*Finding) {
	t.Helper()
	var list []*Finding
	found := cfg.Found
	cfg.Found = func(f *Finding) bool {
		list = append(list, f)
		return found == nil || found(f)
	}
	c := New(cfg)
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, list
}

// TestLostUpdate: from nothing, the lost update of generic direct IO is found
// and made small, and what is handed over replays.
func TestLostUpdate(t *testing.T) {
	_, list := campaign(t, Config{Models: []*core.Model{broken()}, Seed: 1, Programs: 2000, Seeks: prog.Lost,
		Found: func(*Finding) bool { return false }})
	if len(list) != 1 {
		t.Fatalf("%d findings", len(list))
	}
	f := list[0]
	t.Logf("after %d runs: %s\n%v%s", f.Runs, f.Collision, f.Program, f.Report)
	if p := f.Program; len(p.Tasks) != 2 || p.Size() > 3 || f.Collision == "" {
		t.Errorf("not small:\n%v", p)
	}
	r := exec.New(broken())
	defer r.Close()
	s := shrinker{runner: r, kind: prog.Lost}
	r.Record = true
	if !s.replays(f.Program) || r.TraceHash() != f.Program.Trace {
		t.Errorf("the program does not replay")
	}
	if !s.replays(f.Original) {
		t.Errorf("the original does not replay:\n%v", f.Original)
	}
}

// TestClaimsHold: nothing is found on engines that claim coherence.
func TestClaimsHold(t *testing.T) {
	n := int64(200)
	if testing.Short() {
		n = 40
	}
	c, list := campaign(t, Config{Models: Claimants(), Seed: 2, Programs: n, Workers: 2})
	for _, f := range list {
		t.Errorf("%s: %s\n%v%s\nfound as\n%v", f.Program.Engine, f.Kind, f.Program, f.Report, f.Original)
	}
	s := c.Stats()
	t.Logf("%+v", s)
	if s.Programs != 2*n || s.Runs != 2*n*perProgram*int64(len(Claimants())) || s.Covered == 0 || s.Corpus == 0 {
		t.Errorf("%+v", s)
	}
}

// TestSeedDecides: one worker does the same again.
func TestSeedDecides(t *testing.T) {
	var texts [2]string
	for i := range texts {
		c, list := campaign(t, Config{Models: []*core.Model{broken()}, Seed: 3, Programs: 60})
		texts[i] = fmt.Sprintf("%+v\n", c.Stats())
		for _, f := range list {
			texts[i] += f.Program.String()
		}
		for _, p := range c.Corpus() {
			texts[i] += p.String()
		}
	}
	if texts[0] != texts[1] {
		t.Errorf("%s\nand\n%s", texts[0], texts[1])
	}
}
