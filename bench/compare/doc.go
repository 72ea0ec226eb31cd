// Package compare says how sure one may be of a measurement.
//
// Nothing here assumes a distribution. Repetitions of an IO benchmark have
// long tails, drift, and two modes when a device collects garbage; a mean with
// a standard error describes none of that.
//
//   - A rate or a latency is the median over repetitions, with the interval
//     between two order statistics (Median).
//   - Two engines are compared by the ratio of the two inside each repetition,
//     where they ran minutes apart on the same extents, and the median of these
//     ratios (Paired). What drifts between repetitions cancels.
//   - The same engine run twice in each repetition gives the ratio that comes
//     from nothing at all (A/A). A ratio no further from 1 than that is not
//     called a difference (Ratio.Verdict).
//   - Stale reads and losses are counted per exposure or per round, never per
//     cell: the cells of one stale page are one event (PerTrial).
//
// What cannot be said is a value with the reason in it, not an error and never
// a panic: a report of 5 repetitions prints the figures and says why there are
// no intervals.
package compare
