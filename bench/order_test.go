package bench

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestOrderTurnsRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		n := rapid.IntRange(1, 12).Draw(t, "n")
		rep := 2 * rapid.IntRange(0, 50).Draw(t, "pair")
		there, back := Order(seed, rep, n), Order(seed, rep+1, n)
		slices.Reverse(back)
		if !slices.Equal(there, back) {
			t.Fatalf("repetitions %d and %d are no mirror images: %v, %v reversed", rep, rep+1, there, back)
		}
		slices.Sort(there)
		for i, k := range there {
			if i != k {
				t.Fatalf("not a permutation of %d: %v", n, there)
			}
		}
	})
}

// A place in the order must not belong to one engine: over many pairs of
// repetitions each engine is first about as often as any other.
func TestOrderIsDrawnAnew(t *testing.T) {
	const n, pairs = 4, 1000
	first := make([]int, n)
	for rep := range 2 * pairs {
		if rep%2 == 0 {
			first[Order(1, rep, n)[0]]++
		}
	}
	for k, times := range first {
		if times < pairs/n*3/4 || times > pairs/n*5/4 {
			t.Errorf("engine %d comes first in %d of %d pairs", k, times, pairs)
		}
	}
}

func TestCaseSeedsDiffer(t *testing.T) {
	seen := map[uint64][2]int{}
	for rep := -1; rep < 20; rep++ {
		for g := range 40 {
			s := caseSeed(7, rep, g)
			if at, dup := seen[s]; dup {
				t.Errorf("repetition %d, group %d has the seed of %v", rep, g, at)
			}
			seen[s] = [2]int{rep, g}
		}
	}
	if at := seen[caseSeed(7, 3, 2)]; at != [2]int{3, 2} {
		t.Errorf("asked again, the seed of repetition 3, group 2 is that of %v", at)
	}
}
