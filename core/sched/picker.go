package sched

import "math/rand/v2"

// Picker chooses who goes on. It is asked before every step. Runnable is
// sorted by ID and never empty; it is the picker's to read only, until it
// returns. Current is the thread that yields, about to do kind to loc; it is
// nil if that thread cannot go on, or spins and must let others go first.
// What the others are about to do, their Pending tells. To pick nobody (nil)
// is to abandon the case. Once a case has come to a bad end of its own, by a
// deadlock, livelock or panic or for want of steps, nobody is asked any more.
type Picker interface {
	Pick(runnable []*Thread, current *Thread, loc Loc, kind Kind) *Thread
}

// Random picks everybody with equal probability, at every yield point.
type Random struct{ Rand *rand.Rand }

// Pick implements Picker.
func (p Random) Pick(runnable []*Thread, _ *Thread, _ Loc, _ Kind) *Thread {
	return runnable[p.Rand.IntN(len(runnable))]
}

// RoundRobin picks the next thread by ID at every yield point.
type RoundRobin struct{ last int }

// Pick implements Picker.
func (p *RoundRobin) Pick(runnable []*Thread, _ *Thread, _ Loc, _ Kind) *Thread {
	next := runnable[0]
	for _, t := range runnable {
		if t.ID > p.last {
			next = t
			break
		}
	}
	p.last = next.ID
	return next
}
