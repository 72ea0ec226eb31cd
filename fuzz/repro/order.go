package repro

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Order is one after another what operations do, with one direct IO that may be
// stopped on its way.
type Order struct {
	Events []Event
	Held   exec.OpRef // the direct IO with events of its own; Task -1: none
	// Found is what the model says of the order.
	Found prog.Violation
}

// Event is a whole operation, or a part of the one that is held.
type Event struct {
	Part     Part
	Task, Op int // from 0
}

// Part is how far an event takes its operation.
type Part uint8

// The parts of operations.
const (
	Whole  Part = iota // from beginning to end
	Begin              // until the cache has been dropped and nothing submitted
	Land               // until the data is on the disk
	Finish             // to the end
)

// Stops is how often the held IO has to be stopped: 0 if nothing runs while it
// is under way.
func (o *Order) Stops() int {
	switch before, after := o.windows(); {
	case after:
		return 2
	case before:
		return 1
	}
	return 0
}

// windows reports whether anything runs before the data lands, and after it.
func (o *Order) windows() (before, after bool) {
	for i := 1; i < len(o.Events); i++ {
		switch from, to := o.Events[i-1].Part, o.Events[i].Part; {
		case from == Begin && to != Land:
			before = true
		case from == Land && to != Finish:
			after = true
		}
	}
	return before, after
}

// MaxOrders is how many orders Find tries for each direct IO.
const MaxOrders = 20_000

// ErrNone says that no order of whole operations and windows shows what the
// program is about: it takes chance.
var ErrNone = errors.New("no held window shows it")

// Find is the simplest order in which the model does what the program looks for:
// its conditions; else, if it has a schedule, what that leads to; else any
// incoherence. The error is ErrNone if there is none.
func Find(p *prog.Program, model *core.Model) (*Order, error) {
	r := exec.New(model)
	defer r.Close()
	s := &search{p: p, run: r}
	if err := s.aim(); err != nil {
		return nil, err
	}
	for _, held := range candidates(p) {
		if err := s.try(held); err != nil {
			return nil, err
		}
	}
	if s.best == nil {
		return nil, fmt.Errorf("%s on %s: %w", p.Name, model.Name(), ErrNone)
	}
	return s.best, nil
}

// candidates is the operations that can be held, writes first, and none.
func candidates(p *prog.Program) []exec.OpRef {
	var list []exec.OpRef
	for _, kind := range []prog.Kind{prog.WriteDirect, prog.ReadDirect} {
		for t := range p.Tasks {
			for i := range p.Tasks[t].Ops {
				if op := &p.Tasks[t].Ops[i]; op.Kind == kind && !op.Buf.Mapped {
					list = append(list, exec.OpRef{Task: t, Op: i})
				}
			}
		}
	}
	return append(list, exec.OpRef{Task: -1})
}

// search tries orders.
type search struct {
	p     *prog.Program
	run   *exec.Runner
	want  prog.Violation // 0: what the conditions say
	held  exec.OpRef
	tasks [][]Event
	now   []Event
	left  int
	best  *Order
	cost  int
	err   error
}

// aim finds what to look for.
func (s *search) aim() error {
	switch {
	case len(s.p.Conds) > 0:
		return nil
	case s.p.Schedule == nil:
		s.want = prog.Incoherence
		return nil
	}
	replay := &sched.Replay{}
	for _, w := range s.p.Schedule {
		replay.Switches = append(replay.Switches, sched.Switch{After: w.After, To: w.To})
	}
	res := s.run.Run(s.p, replay)
	if res.Err != nil {
		return fmt.Errorf("%s under its schedule on %s: %w", s.p.Name, s.run.Engine(), res.Err)
	}
	s.want = res.Found & prog.Incoherence
	if s.want == 0 {
		s.want = res.Found &^ prog.InFlight
	}
	if s.want == 0 {
		return fmt.Errorf("%s under its schedule on %s: nothing goes wrong, so there is nothing to reproduce", s.p.Name, s.run.Engine())
	}
	return nil
}

// try tries the orders in which one operation is held.
func (s *search) try(held exec.OpRef) error {
	s.held, s.left = held, MaxOrders
	s.tasks = make([][]Event, len(s.p.Tasks))
	for t := range s.p.Tasks {
		for i := range s.p.Tasks[t].Ops {
			if held == (exec.OpRef{Task: t, Op: i}) {
				for _, part := range []Part{Begin, Land, Finish} {
					s.tasks[t] = append(s.tasks[t], Event{part, t, i})
				}
			} else {
				s.tasks[t] = append(s.tasks[t], Event{Whole, t, i})
			}
		}
	}
	s.merge()
	return s.err
}

// merge extends the order by each task's next event in turn.
func (s *search) merge() {
	ended := true
	for t := range s.tasks {
		if len(s.tasks[t]) == 0 {
			continue
		}
		ended = false
		e := s.tasks[t][0]
		s.tasks[t], s.now = s.tasks[t][1:], append(s.now, e)
		s.merge()
		s.now = s.now[:len(s.now)-1]
		s.tasks[t] = append([]Event{e}, s.tasks[t]...)
	}
	if ended && s.left > 0 && s.err == nil {
		s.left--
		s.play()
	}
}

// play runs one order, and keeps it if it is the simplest so far.
func (s *search) play() {
	o := Order{Events: s.now, Held: s.held}
	cost := o.cost()
	if s.best != nil && cost >= s.cost || !s.possible(&o) {
		return
	}
	d := newDirector(&o, s.submits(&o))
	res := s.run.Run(s.p, d)
	if d.waited {
		return
	}
	if res.Err != nil {
		s.err = fmt.Errorf("%s on %s: %w", s.p.Name, s.run.Engine(), res.Err)
		return
	}
	if !res.Holds() || s.want != 0 && res.Found&s.want == 0 {
		return
	}
	o.Events, o.Found = append([]Event(nil), s.now...), res.Found
	s.best, s.cost = &o, cost
}

// submits is the number of the held IO's own submission: the last one, as dirty
// pages of its range are written back before it. What it does up to there hangs
// on what ran before it alone, so a run without stops tells.
func (s *search) submits(o *Order) int {
	if o.Stops() == 0 {
		return 0
	}
	d := newDirector(o, 0)
	s.run.Run(s.p, d)
	return d.seen
}

// cost is less for what is simpler to do and to read: stops first, then turns
// from one task to another.
func (o *Order) cost() int {
	turns := 0
	for i := 1; i < len(o.Events); i++ {
		if o.Events[i].Task != o.Events[i-1].Task {
			turns++
		}
	}
	return 100*o.Stops() + turns
}

// possible reports whether a kernel can be made to do it: only a write can be
// stopped twice, and what it is lengthened by for that begins at a whole page
// inside the file.
func (s *search) possible(o *Order) bool {
	if o.Stops() < 2 {
		return true
	}
	op := &s.p.Tasks[o.Held.Task].Ops[o.Held.Op]
	end := op.Off + op.Len
	return op.Kind == prog.WriteDirect && end%prog.PageSize == 0 && end <= s.p.Files[op.File].Size
}
