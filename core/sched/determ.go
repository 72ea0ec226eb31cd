package sched

// Picker chooses who goes on. Runnable is sorted by ID and never empty; it is
// the picker's to read only, until it returns. Current is the thread that
// yields, about to do kind to loc; it is nil if that thread cannot go on.
type Picker interface {
	Pick(runnable []*Thread, current *Thread, loc Loc, kind Kind) *Thread
}

type task struct{}
