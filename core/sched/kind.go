package sched

// Kind is what a thread is about to do at a yield point.
type Kind uint8

const (
	KindNone     Kind = iota // nothing: a thread starts, ends or goes to sleep
	KindRead                 // reads a shared variable
	KindWrite                // writes a shared variable
	KindLock                 // takes, or tries to take, a lock
	KindUnlock               // releases a lock
	KindSubmit               // submits an IO
	KindSector               // moves one sector of an IO
	KindComplete             // completes an IO
	KindSpin                 // looks again at something that others must change
	KindBegin                // begins an operation whose place in time counts
	KindEnd                  // ends it
	NumKinds     = iota
)

var kindNames = [...]string{"none", "read", "write", "lock", "unlock", "submit", "sector", "complete", "spin", "begin", "end"}

func (k Kind) String() string { return kindNames[k] }

// Conflicts reports whether steps of the two kinds at one location may matter
// to each other: not if both read, both begin or both end.
func (k Kind) Conflicts(o Kind) bool {
	return k != o || k != KindRead && k != KindBegin && k != KindEnd
}

// Loc is the shared object that a yield point is about. Two yield points
// with different locations commute.
type Loc uint64

const (
	// LocLocal is no shared object: the step commutes with every other.
	LocLocal Loc = 0
	// LocAny stands for an object without a number: it commutes with nothing.
	LocAny Loc = 1<<64 - 1
)

// Mode is how an object is held or wanted.
type Mode uint8

const (
	Shared    Mode = iota // rwsem for reading
	Exclusive             // rwsem for writing, page lock
	Add                   // two-state lock: may add pages
	Block                 // two-state lock: keeps pages out
	InFlight              // counted as a direct IO in flight
	Drain                 // waits until no direct IO is in flight; never held
	NumModes  = iota
)

var modeNames = [NumModes]string{"shared", "exclusive", "add", "block", "in-flight", "drain"}

func (m Mode) String() string { return modeNames[m] }

// Conflict reports whether an object held in one mode keeps out somebody who
// wants it in the other. Add and Block may name the sides of an rwsem as well:
// its waiters then want Shared and Exclusive.
func Conflict(held, want Mode) bool { return conflicts[held]>>want&1 != 0 }

var conflicts = [NumModes]uint8{
	Shared:    1<<Exclusive | 1<<Block,
	Exclusive: 1<<Shared | 1<<Exclusive | 1<<Add | 1<<Block,
	Add:       1<<Exclusive | 1<<Block,
	Block:     1<<Shared | 1<<Exclusive | 1<<Add,
	InFlight:  1 << Drain,
}
