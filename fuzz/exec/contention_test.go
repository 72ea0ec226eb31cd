package exec

import (
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// TestContention: one schedule of each kind, on two locks, and what is said of
// it.
func TestContention(t *testing.T) {
	const starved = "file A 5 pages\ntask w: dwrite A[0]\ntask r: read A[1]\ntask s: read A[2]; read A[3]; read A[4]\n"
	const convoy = "file A 3 pages\ntask r: read A[1]\ntask w: dwrite A[0]\ntask b: write A[2]+8:8\n"
	// A reader begins and stops inside, w waits for it, and then the third task goes on.
	halfway := func(reader, writer, third int) []sched.Switch {
		return []sched.Switch{{After: 0, To: reader}, {After: 6, To: writer}, {After: 100, To: third}}
	}
	for name, c := range map[string]struct {
		policy   *core.Policy
		text     string
		switches []sched.Switch
		want     prog.Violation
		report   string
	}{
		"starved":             {coherence.AddLock, starved + "find starved", halfway(1, 0, 2), prog.Starved, "starved: w sleeps for block of pagecache lock of A while these join who has it: s, s, s"},
		"four times":          {coherence.AddLock, starved + "options starve-after 4\nfind starved", halfway(1, 0, 2), 0, ""},
		"a queue":             {coherence.InvalidateLock, starved + "options starve-after 1\nfind starved", halfway(1, 0, 2), 0, ""},
		"not looked for":      {coherence.AddLock, starved + "find convoy", halfway(1, 0, 2), 0, ""},
		"nothing looked for":  {coherence.AddLock, starved, halfway(1, 0, 2), 0, ""},
		"convoy":              {coherence.AddLock, convoy + "find convoy", halfway(0, 1, 2), prog.Convoy, "convoy: b sleeps for exclusive of inode lock of A, which w holds while it sleeps for block of pagecache lock of A"},
		"convoy, shared":      {coherence.InvalidateLock, convoy + "find convoy", halfway(0, 1, 2), prog.Convoy, "convoy: b sleeps for exclusive of inode lock of A, which w holds while it sleeps for exclusive of pagecache lock of A"},
		"nobody waits inside": {coherence.DoubleInvalidate, convoy + "find convoy", halfway(0, 1, 2), 0, ""},
	} {
		r := newRunner(t, c.policy)
		p := parse(t, c.text)
		res := r.Run(p, &waker{switches: c.switches})
		if res.Err != nil || res.Found != c.want || res.Holds() != (c.want != 0) {
			t.Errorf("%s: %v, found %v, want %v", name, res.Err, res.Found, c.want)
		}
		if got := strings.Join(res.Report(), "\n"); got != c.report {
			t.Errorf("%s: reported as\n%s\nwant\n%s", name, got, c.report)
		}
	}
}

// waker follows switches, of which each may come before its number of steps if
// the thread that runs goes to sleep.
type waker struct {
	switches []sched.Switch
	steps    int64
	now      int
}

// Pick implements sched.Picker.
func (w *waker) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	w.steps++
	if len(w.switches) > 0 && (current == nil || w.steps > w.switches[0].After) {
		w.now, w.steps, w.switches = w.switches[0].To, 0, w.switches[1:]
	}
	for _, t := range runnable {
		if t.ID == w.now {
			return t
		}
	}
	return runnable[0]
}
