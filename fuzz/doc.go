// Package fuzz looks for programs and schedules that break what an engine
// claims, on the deterministic model.
//
// There are two ways in. [Campaign] makes programs itself: batches of random
// features, mutations of what showed something new, schedules by random
// samplers; a finding is made small ([Shrink]) and said once. [Target.Run],
// [RunLocks] and [RunParser] are targets for general fuzzers: `go test -fuzz`,
// go-fuzz and libFuzzer, which share one raw format and one corpus.
//
// A target that finds something panics with a constant text, one for each kind
// of violation, by which fuzzers tell failures apart; what happened is written
// to [Details].
//
// # Format
//
// The first byte chooses the engine among those that claim coherence; the rest
// is a program in the binary form of package prog. Its schedule is the one that
// stands in it. A program without one runs under a few random ones, which the
// bytes decide.
package fuzz
