package sched

import "math/rand/v2"

// Picker chooses who goes on. Runnable is sorted by ID and never empty; it is
// the picker's to read only, until it returns. Current is the thread that
// yields, about to do kind to loc; it is nil if that thread cannot go on.
// What the others are about to do, their Pending tells.
type Picker interface {
	Pick(runnable []*Thread, current *Thread, loc Loc, kind Kind) *Thread
}

// Random picks everybody with equal probability, at every yield point; only
// who spins lets others go first.
type Random struct{ Rand *rand.Rand }

// Pick implements Picker.
func (p Random) Pick(runnable []*Thread, current *Thread, _ Loc, kind Kind) *Thread {
	for {
		t := runnable[p.Rand.IntN(len(runnable))]
		if kind != KindSpin || t != current || len(runnable) == 1 {
			return t
		}
	}
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
