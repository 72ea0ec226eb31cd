// Package exec runs a program once on an engine, and judges the run exactly.
//
// A [Runner] plays it on the model, under a schedule that a picker chooses;
// thousands of runs reuse one world. Every word of a file says who wrote it, so
// a run leaves a history for each cell: who wrote and who read what, and when.
// Package history says what is wrong with it, and which operations it is about.
// A cell stands for its neighbours that no operation tells from it.
//
// What a copy between mappings brings counts as written by the copy. Where the
// same word may have come on two ways, the read is left out.
package exec
