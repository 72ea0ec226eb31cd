// Package explore searches the schedules of a case: all of them, all with at
// most so many preemptions, or a random sample.
//
// A [Subject] plays the case under the scheduler of package sched with a picker
// that this package provides, and says what came out. [Search] replays it,
// from the start each time, until every schedule that could matter has been
// tried, and returns every outcome with a witness: the schedule, as the few
// places where it differs from running each thread for as long as it can.
//
// What may be left out follows from what the steps of a case announce. Steps
// with different locations, and steps that only read, commute, so
//
//   - a bounded search preempts a thread only before a step at a location
//     which, somewhere in the search, several threads touch and one changes:
//     before any other step the preemption may as well come later, when the
//     thread gets to one that matters or stops; and so it may if nothing that
//     others did until the thread went on conflicts with the step before which
//     it was stopped, so that nothing more is tried below such a schedule;
//   - an unbounded search tries one schedule, more or less, of those that
//     differ by the order of steps which commute (Abdulla, Aronis, Jonsson and
//     Sagonas, Optimal Dynamic Partial Order Reduction, POPL 2014: source
//     sets, with sleep sets).
//
// Both rest on this: what a step touches is what its yield point announced, and
// what [sched.Thread.Touch] added. The outcome must not depend on the order of
// steps that commute; where it depends on which operation ended before which
// began, these moments are steps of their own, of kinds [sched.KindBegin] and
// [sched.KindEnd] at one location.
package explore
