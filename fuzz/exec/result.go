package exec

import (
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// Result is what one run of a program did. It is valid until the next run.
type Result struct {
	Found    prog.Violation
	Findings []Finding
	Regs     []Value // by register, in the order of the text
	Steps    int64   // yield points that were passed; 0 with real threads
	// Err is why the run says nothing: it ran out of steps, its picker gave it
	// up, or the engine cannot do what the program asks. Nil otherwise.
	Err      error
	Deadlock *sched.Deadlock
	Livelock *sched.Livelock
	Panic    *sched.PanicError
	// Contended is the first wait that was starved, and the first convoy.
	Contended []Contended

	key   uint64
	plan  *plan
	world *world
	holds bool
}

// Finding is one thing that went wrong.
type Finding struct {
	Kind   prog.Violation
	Task   int // whose operation saw it; -1: it was seen at the end
	Op     int // from 0
	Wrote  OpRef
	Missed OpRef // what should have been seen
	File   int
	Off    int64 // bytes: the first cell of which it is true
	Err    error // EFAULT, EIO
}

// OpRef names an operation of a program. Task -1 is none: what the file held
// before, or nobody.
type OpRef struct{ Task, Op int }

// Kind is the kind of the operation, prog.NumKinds for none.
func (o OpRef) Kind(p *prog.Program) prog.Kind {
	if o.Task < 0 {
		return prog.NumKinds
	}
	return p.Tasks[o.Task].Ops[o.Op].Kind
}

// Key tells outcomes apart: two runs of a program have the same key if their
// registers, final contents, errors and violations are the same.
func (r *Result) Key() uint64 { return r.key }

// Holds reports whether what the program looks for is true of this run.
func (r *Result) Holds() bool { return r.holds }

// Value is what a register holds, or a cell at the end.
type Value struct {
	Kind  ValueKind
	Wrote OpRef // ValueWrote
	Word  uint64
}

// ValueKind is where a value comes from.
type ValueKind uint8

// The kinds of values.
const (
	ValueNone    ValueKind = iota // nothing was read
	ValueInit                     // what the file held there before
	ValueOlder                    // what the disk held there under a dirty page
	ValueZero                     // zeros
	ValueWrote                    // what an operation wrote there
	ValueStrange                  // nobody wrote it there
)
