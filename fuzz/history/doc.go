// Package history judges the whole history of one cell exactly: whether the
// reads and writes that a run saw could have happened one at a time, each at
// some moment between its start and its end.
//
// Values are told apart by their writer, so the question is easy (Gibbons and
// Korach, Testing Shared Memories, SIAM J. Computing 26(4), 1997): what was
// written and read of one value is a zone of time; the history is in order if
// and only if no two zones force each other to come first. That takes a sort.
// Where several operations write the same value, as zeros have several sources,
// each read is tried with each of them.
package history
