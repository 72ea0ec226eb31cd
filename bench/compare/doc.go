// Package compare says how sure one may be of a measurement.
//
// Nothing here assumes a distribution. Repetitions of an IO benchmark have
// long tails, drift, and two modes when a device collects garbage; a mean with
// a standard error describes none of that.
//
//   - A rate or a latency is the median over repetitions, with the interval
//     between two order statistics (Median, by x/perf's benchmath).
//   - Two engines are compared by the ratio of the two inside each repetition,
//     where they ran minutes apart on the same extents, and the median of these
//     ratios (Paired). What drifts between repetitions cancels.
//   - Two runs have no repetitions in common: the ratio of one to the other and
//     its interval come of the Mann-Whitney test (Unpaired). What drifted between
//     the runs is in it.
//   - The same engine run twice in each repetition gives the ratio that comes
//     from nothing at all (A/A). A ratio no further from 1 than that is not
//     called a difference (Ratio.Verdict).
//   - Stale reads and losses are counted per exposure or per round, never per
//     cell: the cells of one stale page are one event (PerTrial).
//
// Matches puts this together for two engines, or two runs, on every case that
// both have; Mixed and MixedRuns refuse what is no comparison of engines. A Rule
// says which change is too much.
//
// What cannot be said is a value with the reason in it, not an error and never
// a panic: a report of 5 repetitions prints the figures and says why there are
// no intervals.
package compare
