package sched

// Step is one step of a case: what a thread did from one yield point to the
// next. A Trace of a case is its steps in the order in which they were taken.
type Step struct {
	Loc    Loc // what the yield point announced
	Thread int32
	Kind   Kind
	Also   bool // no step of its own: what the step before it touched besides
}

// Trace is the steps of the case so far, if Config.Record is set. It is valid
// until Reset.
func (d *Determ) Trace() []Step { return d.trace }

// Watcher is a Picker that wants to know what a step touches besides what
// its yield point announced.
type Watcher interface {
	Touch(t *Thread, loc Loc, kind Kind)
}

// Switch is a choice that differs from the usual one. Usually the thread that
// runs goes on, and if it cannot, the one with the lowest ID that can.
type Switch struct {
	After int64 // steps between the one chosen by the switch before, or the start, and this one
	To    int   // ID of the thread that takes the step
}

// Replay is a Picker that follows a list of switches. A switch to a thread
// that cannot run is left out. The zero value never switches.
type Replay struct {
	Switches []Switch

	next  int
	after int64 // steps since the last switch
}

// Reset begins the list anew.
func (p *Replay) Reset(list []Switch) { *p = Replay{Switches: list} }

// Pick implements Picker.
func (p *Replay) Pick(runnable []*Thread, current *Thread, _ Loc, _ Kind) *Thread {
	if p.next < len(p.Switches) {
		if s := p.Switches[p.next]; p.after >= s.After {
			p.next, p.after = p.next+1, 0
			if t := lookup(runnable, s.To); t != nil {
				return t
			}
			return usual(runnable, current)
		}
		p.after++
	}
	return usual(runnable, current)
}

// usual is who goes on where nothing else is said.
func usual(runnable []*Thread, current *Thread) *Thread {
	if current != nil {
		return current
	}
	return runnable[0]
}

func lookup(runnable []*Thread, id int) *Thread {
	for _, t := range runnable {
		if t.ID == id {
			return t
		}
	}
	return nil
}
