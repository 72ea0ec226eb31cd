// Package workloads holds what is run against the engines, one file per
// workload, and the runner of one case: one engine, one workload, one set of
// parameters.
//
// A case is a number of rounds. In a round the tasks of the workload run
// until the clock says stop; that is the measured window. Between two rounds
// everything is brought to rest: the file is synced, its cache is dropped, and
// what direct, buffered and mapped reads then return is compared cell by cell
// with what the oracle knows was written. A lost update is visible only until
// the next write of the same block, so a workload that can lose has short
// rounds.
//
// What is measured inside the window and what is not:
//
//   - an operation counts when it completes before the clock says stop; its
//     latency counts in any case;
//   - a latency is service time, from the call to its return: the stamping
//     before it and the check after it are outside. Tasks that the workload
//     itself paces keep a schedule of absolute deadlines, and an operation that
//     begins late is counted as late, not as slow;
//   - of a class at an offered rate (Params.Rates) it counts from when the
//     operation was due, however late the task came to it, and service time is
//     kept beside it; what was due and had not begun when the window closed
//     counts with what it had waited;
//   - a window grows beyond its length, to StarveAfter at most, while a direct
//     write has been under way for an eighth of that: it is then decided
//     whether the writer starves;
//   - CPU time, context switches and faults are those of the whole process
//     between the two edges of the window;
//   - the garbage collector is off inside the window, under a memory cap, and
//     runs between rounds.
//
// An engine without a cache (raw) runs the tasks that only need direct IO: it
// is the ceiling of the others, not their equal.
package workloads
