package mutants

import (
	"strings"
	"testing"

	"cohbench/fuzz/prog"
)

// TestNothingInTheRightCode: the fuzzer and the register find nothing where no
// bug was planted, or what they catch would mean nothing.
func TestNothingInTheRightCode(t *testing.T) {
	programs := 6_000
	if testing.Short() {
		programs = 1_500
	}
	ran := 0
	h := &hunt{Config: Config{Seed: 7, Programs: programs, Notice: func(string, string, *prog.Program, int64) { ran++ }}}
	if c := h.oracle(); c != nil {
		t.Errorf("the oracle finds %s in an atomic register", c.Kind)
	}
	for _, hunter := range []func() (*Catch, error){h.soon, h.fuzz} {
		c, err := hunter()
		if err != nil {
			t.Fatal(err)
		}
		if c != nil {
			t.Errorf("%s finds %s on %s:\n%s", c.By, c.Kind, c.Engine, c.Witness)
		}
	}
	if ran < programs/2 || h.runs < int64(schedules*programs/2) {
		t.Errorf("%d programs of %d were tried, in %d runs", ran, programs, h.runs)
	}
}

// TestOrders: three threads of one, two and one steps have 4!/2! orders.
func TestOrders(t *testing.T) {
	if n := len(orders([]int{1, 2, 1})); n != 12 {
		t.Errorf("%d orders, not 12", n)
	}
}

// TestMechanical: each condition is negated and each lock deleted, and what
// does not compile is left out.
func TestMechanical(t *testing.T) {
	list, err := Mechanical(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for i := range list {
		kind, _, _ := strings.Cut(list[i].Bug, ":")
		made[kind]++
		made[list[i].Func+": "+list[i].Bug]++
	}
	if made["negated"] < 100 || made["deleted"] < 100 {
		t.Errorf("%d conditions negated, %d calls deleted", made["negated"], made["deleted"])
	}
	for _, bug := range []string{
		"TwoStateLock.unlock: deleted: l.wait.WakeAll(t)",
		"TwoStateLock.unlock: negated: atomic.AddInt64(&l.v, -side) != waiting",
		"Task.AddForFault: deleted: t.tryAdd(m)",
		"AddressSpace.writeDirect: deleted: m.invalidateBefore(t, pagesOf(d.Off, d.N))",
		"bcachefsExtent.BeginFault: deleted: t.AddForFault(m)",
	} {
		if made[bug] != 1 {
			t.Errorf("%s: made %d times", bug, made[bug])
		}
	}
}
