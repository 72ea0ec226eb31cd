package explore

import "cohbench/core/sched"

// Recorder is a picker that does as another one and keeps the schedule, as
// the switches that a [sched.Replay] needs.
type Recorder struct {
	Picker sched.Picker

	switches []sched.Switch
	after    int64
}

// Reset forgets the schedule. It does not reset Picker.
func (r *Recorder) Reset() { r.switches, r.after = r.switches[:0], 0 }

// Switches is the schedule so far, valid until Reset.
func (r *Recorder) Switches() []sched.Switch { return r.switches }

// Pick implements sched.Picker.
func (r *Recorder) Pick(runnable []*sched.Thread, current *sched.Thread, loc sched.Loc, kind sched.Kind) *sched.Thread {
	t := r.Picker.Pick(runnable, current, loc, kind)
	usual := current
	if usual == nil {
		usual = runnable[0]
	}
	if t != usual && t != nil {
		r.switches = append(r.switches, sched.Switch{After: r.after, To: t.ID})
		r.after = 0
	} else {
		r.after++
	}
	return t
}

// Touch implements sched.Watcher.
func (r *Recorder) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	if w, ok := r.Picker.(sched.Watcher); ok {
		w.Touch(t, loc, kind)
	}
}
