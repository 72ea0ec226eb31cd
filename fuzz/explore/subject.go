package explore

import (
	"fmt"
	"slices"

	"cohbench/core/sched"
)

// A Subject is a case that can be played again and again. The same choices
// must give the same steps.
type Subject interface {
	// Run plays the case, with every choice made by p. Key is the same for
	// outcomes that count as the same; found says whether the outcome is of
	// the kind that is looked for. If p abandons the case they do not matter.
	Run(p sched.Picker) (key uint64, found bool)
}

// MaxThreads is how many threads a case may have, those of Group.Thread
// included.
const MaxThreads = 8

// Outcome is one way in which a case can end.
type Outcome struct {
	Key     uint64
	Found   bool
	Count   int64   // schedules that ended so
	Witness Witness // the simplest of these
}

// Witness is a schedule. It is played again by a [sched.Replay].
type Witness struct {
	Preemptions int // threads that were stopped though they could have gone on
	Switches    []sched.Switch
}

// simpler orders witnesses: fewer preemptions, fewer switches, earlier ones.
func (w *Witness) compare(o *Witness) int {
	if c := w.Preemptions - o.Preemptions; c != 0 {
		return c
	}
	if c := len(w.Switches) - len(o.Switches); c != 0 {
		return c
	}
	return slices.CompareFunc(w.Switches, o.Switches, func(a, b sched.Switch) int {
		if a.After != b.After {
			return int(a.After - b.After)
		}
		return a.To - b.To
	})
}

// Report is what a search found.
type Report struct {
	Outcomes  []Outcome // by the simplicity of their witnesses
	Schedules int64     // played to the end
	Pruned    int64     // begun, and given up as equal to another
	Steps     int64     // choices made in all of them
	Complete  bool      // nothing within the bound was left out
	Bound     int       // preemptions; Unbounded for none
	// Part is how much of what is known of the tree of schedules an unbounded
	// search has behind it that was not complete. The tree is larger than what
	// is known of it.
	Part float64
}

// Found is the number of schedules with an outcome that was looked for.
func (r *Report) Found() (n int64) {
	for _, o := range r.Outcomes {
		if o.Found {
			n += o.Count
		}
	}
	return n
}

// Outcome returns the outcome with a key, or nil.
func (r *Report) Outcome(key uint64) *Outcome {
	for i := range r.Outcomes {
		if r.Outcomes[i].Key == key {
			return &r.Outcomes[i]
		}
	}
	return nil
}

// Extent says how far the search went, for verdicts.
func (r *Report) Extent() string {
	switch {
	case !r.Complete:
		return fmt.Sprintf("incomplete: %d schedules", r.Schedules)
	case r.Bound == Unbounded:
		return "all schedules"
	case r.Bound == 1:
		return "<= 1 preemption"
	}
	return fmt.Sprintf("<= %d preemptions", r.Bound)
}

// tally collects outcomes.
type tally struct {
	index    map[uint64]int
	outcomes []Outcome
	report   Report
	spare    Witness
}

// count adds the outcome of one schedule. Witness makes the schedule; it is
// asked only if that may be the simplest so far.
func (t *tally) count(key uint64, found bool, preemptions int, witness func(*Witness)) {
	t.report.Schedules++
	i, ok := t.index[key]
	if !ok {
		if t.index == nil {
			t.index = map[uint64]int{}
		}
		i = len(t.outcomes)
		t.index[key] = i
		t.outcomes = append(t.outcomes, Outcome{Key: key, Found: found})
	}
	o := &t.outcomes[i]
	o.Count++
	if ok && preemptions > o.Witness.Preemptions {
		return
	}
	t.spare.Preemptions, t.spare.Switches = preemptions, t.spare.Switches[:0]
	witness(&t.spare)
	if !ok || t.spare.compare(&o.Witness) < 0 {
		t.spare, o.Witness = o.Witness, t.spare
	}
}

// merge adds what another tally has.
func (t *tally) merge(u *tally) {
	for i := range u.outcomes {
		o := &u.outcomes[i]
		t.count(o.Key, o.Found, o.Witness.Preemptions, func(w *Witness) {
			w.Switches = append(w.Switches, o.Witness.Switches...)
		})
		t.outcomes[t.index[o.Key]].Count += o.Count - 1
	}
	n := int64(len(u.outcomes))
	t.report.Schedules += u.report.Schedules - n
	t.report.Pruned += u.report.Pruned
	t.report.Steps += u.report.Steps
}

// finish makes the report.
func (t *tally) finish(bound int, complete bool) *Report {
	slices.SortFunc(t.outcomes, func(a, b Outcome) int { return a.Witness.compare(&b.Witness) })
	r := t.report
	r.Outcomes, r.Bound, r.Complete = t.outcomes, bound, complete
	return &r
}
