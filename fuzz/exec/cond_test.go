package exec

import (
	"testing"

	"cohbench/core/coherence"
	"cohbench/core/sched"
)

// TestConditions asks of one run, that of the tasks one after the other.
func TestConditions(t *testing.T) {
	const text = `
file A 3 pages holes 1 dirty 2
file B 2 pages
task w: store A[0]+8; dwrite A[1] from A[0]; truncate B to 1 page
task r: r0 = load A[0]; r1 = load A[0]+8; r2 = read A[1]+8:8; r3 = dread A[2]; r4 = load B[1]; r5 = read A[1]
task p: punch A[0]; r6 = load A[0]
`
	for cond, want := range map[string]bool{
		"r0 == init": true, "r0 == zero": false, "r0 != init": false, "not r0 == init": false,
		"r1 == w.1": true, "r1 == init": false, "r1 == w.2": false, "r0 == r1": false,
		"r2 == w.2": true, "r5 == w.2": true, "r2 == r5": true, "r3 == init": true,
		"r4 == none": true, "r4 == zero": false, "r6 == zero": true, "r6 == p.1": true,
		"A[0] == zero": true, "A[1]+8 == w.2": true, "A[2] == init": true, "B[1] == none": true,
		"r0 == init and r1 == init": false, "r0 == init or r1 == init": true, "stale": false, "not (stale or lost)": true,
	} {
		r := newRunner(t, coherence.AddLockVFSExtent)
		res := r.Run(parse(t, text+"find "+cond+"\n"), &sched.Replay{})
		if res.Err != nil || res.Holds() != want {
			t.Errorf("%s: %v, want %v; %s", cond, res.Holds(), want, res.Describe())
		}
	}
}

// A hole held zero before.
func TestInitOfAHole(t *testing.T) {
	r := newRunner(t, coherence.AddLock)
	res := r.Run(parse(t, "file A 1 page holes 0\ntask r: r0 = load A[0]\nfind r0 == init and r0 == zero and A[0] == init\n"), &sched.Replay{})
	if !res.Holds() {
		t.Error(res.Describe())
	}
}
