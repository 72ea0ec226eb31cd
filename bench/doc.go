// Package bench runs a [Plan]: every engine on every workload and number of
// threads, repeatedly, and hands each measured case to a [Sink] as it ends.
//
// What makes the figures comparable:
//
//   - Engines are interleaved within each repetition, in an order that turns
//     round from one repetition to the next ([Order]), and all use the same
//     backing files, one after the other, so the same extents.
//   - One engine, raw where it takes part, runs twice in each repetition. The
//     twin's records are marked Pair 1. Their ratio is what this machine makes
//     of no difference at all; nothing narrower is called a difference.
//   - The engines of one repetition share a seed. The same plan with the same
//     seed measures the same cases in the same order.
//   - Preparation, warm-up and quiesce checks lie outside the measured windows.
//
// To read it, begin with plan.go for what is run and runner.go for how; then
// order.go for when, record.go for what is kept, and verdict.go for what it
// amounts to. The figures this project states about itself are measured by
// figures_test.go.
//
// The package has no locks; cases run one after the other.
package bench
