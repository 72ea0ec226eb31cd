package bench

import (
	"math/rand/v2"
	"slices"
)

// Order returns, for one repetition, the order in which n engines run, as
// indices. Repetitions come in pairs: the even one has an order drawn from the
// seed, the odd one the same order backwards (A B C, C B A). So whatever
// drifts steadily over a pair of repetitions (a device that fills up, a
// machine that heats) weighs on all engines alike, and since each pair draws
// anew, no engine always runs behind the same neighbour.
func Order(seed uint64, rep, n int) []int {
	order := rand.New(rand.NewPCG(seed, uint64(rep/2))).Perm(n)
	if rep%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// caseSeed gives each case of a run its own seed. Engines of one repetition
// share it, so that they are asked to do the same.
func caseSeed(seed uint64, rep, group int) uint64 {
	return rand.New(rand.NewPCG(seed, uint64(rep)<<32|uint64(group))).Uint64()
}
