package repro

import (
	"errors"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/litmus"
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

func (o *Order) text(p *prog.Program) string {
	var list []string
	for _, e := range o.Events {
		name := p.Tasks[e.Task].Name
		list = append(list, [...]string{name, name + " begins", name + " lands", name + " ends"}[e.Part])
	}
	return strings.Join(list, ", ")
}

// TestFind names the simplest order of what kernels are known to do.
func TestFind(t *testing.T) {
	model := &core.Model{Policy: coherence.DoubleInvalidate}
	for name, want := range map[string]string{
		"lost-update":                      "w begins, s, w lands, w ends: lost, EIO",
		"store-beside-direct-write-silent": "w begins, s, w lands, f, w ends: lost, silent-lost",
		"store-and-sync-silent":            "w begins, s, w lands, s, w ends: lost, silent-lost",
		"store-to-dirty-page":              "w begins, s, w lands, w ends: lost, EIO", // written back before it is dropped
		"h1-splice-and-store":              "w begins, p, p, w lands, w ends: lost, EIO",
	} {
		p := builtin(t, name)
		o, err := Find(p, model)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := o.text(p) + ": " + o.Found.String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestFindNone(t *testing.T) {
	p := builtin(t, "lost-update")
	if o, err := Find(p, &core.Model{Policy: coherence.AddLock}); !errors.Is(err, ErrNone) {
		t.Errorf("the add lock loses nothing, yet there is an order: %v, %v", o, err)
	}
}

// TestFindSchedule looks for what the schedule of a program leads to.
func TestFindSchedule(t *testing.T) {
	model := &core.Model{Policy: coherence.DoubleInvalidate}
	text := "file A 1 page\ntask w: dwrite A[0]\ntask s: store A[0]+8\n"
	if _, err := Find(parse(t, text+"engine double-invalidate\nschedule w\n"), model); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("a schedule in which nothing goes wrong: %v", err)
	}
	o, err := Find(parse(t, text), model)
	if err != nil || o.Found&prog.Lost == 0 {
		t.Errorf("without a schedule: %v, %v", o, err)
	}
}

func builtin(t *testing.T, name string) *prog.Program {
	t.Helper()
	suite, err := litmus.Suite()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range suite {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no litmus test %s", name)
	return nil
}
