// Package live looks for programs that break coherence on real threads and
// real files: on a model engine, or on the running kernel and one of its file
// systems.
//
// Nobody can choose the schedule there, so a [Campaign] makes many short runs:
// random programs and mutations of those in which operations met that had not
// met before, each run with all tasks at once and random delays, and, where the
// file system lets a direct write be held (package shoot), in random orders
// around one. After each run everything is written back, the cache is dropped,
// and the whole history is judged (package exec).
//
// What goes wrong is classed by the worst that an application loses by it, run
// again to know how often it comes about, and made small by changes that do not
// make it much rarer. A small program is then put to a deterministic model: if
// that shows it too, there is a schedule that replays.
//
// What never comes back is found out by a watch: a deadlock of a model by its
// wait-for graph, anything else by the time it takes.
package live
