package exec

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTimeline draws a lost update, a stale read, a deadlock, and pages that do
// not change beside some that do.
func TestTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		policy   *core.Policy
		text     string
		switches []sched.Switch
	}{
		"lost":     {coherence.DoubleInvalidate, "file A 2 pages\ntask w: dwrite A[0]\ntask s: store A[0]+8\n", []sched.Switch{{After: 6, To: 1}}},
		"stale":    {coherence.None, "file A 1 page resident 0\ntask w: dwrite A[0]; r = load A[0]\n", nil},
		"columns":  {coherence.AddLock, "file A 4 pages\ntask w: dwrite A[0]; dread A[1]; dwrite A[2]\ntask r: dread A[3]\n", nil},
		"deadlock": {coherence.AddLockNoFDM, "file A 2 pages\ntask w: dwrite A[0] from A[1]\n", nil},
	} {
		r := newRunner(t, c.policy)
		d := r.Timeline(parse(t, c.text), &sched.Replay{Switches: c.switches})
		var got, page bytes.Buffer
		if err := d.Text(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got.String(), want)
		}
		if err := d.HTML(&page); err != nil || !strings.Contains(page.String(), "<rect ") {
			t.Errorf("%s: %v, no box in %s", name, err, page.String())
		}
	}
}
