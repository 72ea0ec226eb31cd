package mutants

import (
	"slices"
	"testing"
)

const root = "../.."

// TestCatalogueFits: every edit of the catalogue finds its place in today's
// sources, and compiles. One that does not is to be said anew there.
func TestCatalogueFits(t *testing.T) {
	list := Catalogue()
	broken := plantAll(t, list)
	for i := range list {
		if broken[i] {
			t.Errorf("%s does not compile", list[i].Name)
		}
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != len(list) || n < 25 {
		t.Errorf("%d mutants, %d names", len(list), n)
	}
}

// plantAll plants the mutants, and says which of them do not compile.
func plantAll(t *testing.T, list []Mutant) map[int]bool {
	t.Helper()
	p, err := Plant(root, t.TempDir(), list)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := p.Broken(root, list)
	if err != nil {
		t.Fatal(err)
	}
	return broken
}

// TestBrokenAndMisplaced: an edit that does not compile is found, and one that
// has no place is refused.
func TestBrokenAndMisplaced(t *testing.T) {
	good := Mutant{Name: "good", File: "core/context.go", Func: "InTask.Of", Old: "return t.faultsDisabled", New: "return nil"}
	bad := good
	bad.New = "return 17"
	if broken := plantAll(t, []Mutant{good, bad}); broken[0] || !broken[1] {
		t.Errorf("what does not compile: %v", broken)
	}
	for _, m := range []Mutant{
		{Name: "no function", File: good.File, Func: "InTask.Nothing"},
		{Name: "no text", File: good.File, Func: good.Func, Old: "nothing"},
		{Name: "twice", File: good.File, Func: good.Func, Old: "Task"},
	} {
		if _, err := Plant(root, t.TempDir(), []Mutant{m}); err == nil {
			t.Errorf("%s: planted", m.Name)
		}
	}
}
