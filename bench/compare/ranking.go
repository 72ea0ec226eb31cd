package compare

import (
	"cmp"
	"math"

	"cohbench/bench/result"
)

// A Ranking holds the order of the engines on one MMU against that on another,
// in two groups of a run which differ by the MMU alone. What is true of the
// engines does not depend on the page tables they stand on; an order that does
// says something about the model, and is no result about engines.
type Ranking struct {
	A, B    Group
	Engines []string // with a rate in both, in display order
	Pairs   int      // of these that could be compared on both
	Refused string   // why another could not; the first reason

	Swaps    []Swap          // told apart on both, the other way round
	Half     []Swap          // told apart on one only: no contradiction
	Verdicts []VerdictChange // engines which did better on one, beyond chance
	Unsure   []VerdictChange // the same, but chance would do
}

// A Swap is two engines and the ratio of their rates, the first to the second,
// on either MMU.
type Swap struct {
	First, Second string
	A, B          Ratio
}

// A VerdictChange is an engine whose worst outcome differs between MMUs.
type VerdictChange struct {
	Engine string
	A, B   Tally
}

// A Tally is how often repetitions ended as badly as the worse of the two.
type Tally struct {
	Worst     Outcome
	Events, N int   // repetitions as bad as that, and all
	Exposures int64 // of all
}

// Same reports whether neither rates nor verdicts contradict each other.
func (r *Ranking) Same() bool { return len(r.Swaps) == 0 && len(r.Verdicts) == 0 }

// Swapped reports whether two engines changed places.
func (r *Ranking) Swapped(a, b string) bool {
	for _, s := range r.Swaps {
		if s.First == a && s.Second == b || s.First == b && s.Second == a {
			return true
		}
	}
	return false
}

// Rankings compares the groups of a run that differ by the MMU alone.
func Rankings(run *result.Run) []Ranking {
	var list []Ranking
	groups := Groups(run)
	for i, a := range groups {
		for _, b := range groups[i+1:] {
			if a.MMU != b.MMU && ownMMU(a.MMU) && ownMMU(b.MMU) && a.sameButMMU(b) {
				list = append(list, rank(run.Records, a, b))
			}
		}
	}
	return list
}

func (g Group) sameButMMU(o Group) bool {
	o.MMU = g.MMU
	return g.Equal(o)
}

// rank compares two groups.
func rank(records []result.Record, a, b Group) Ranking {
	r := Ranking{A: a, B: b}
	onA, onB := ratesOf(records, a), ratesOf(records, b)
	for _, c := range a.Cases {
		if len(onA.series[c.Engine]) > 0 && len(onB.series[c.Engine]) > 0 {
			r.Engines = append(r.Engines, c.Engine)
		}
	}
	for i, first := range r.Engines {
		for _, second := range r.Engines[i+1:] {
			r.pair(Swap{first, second, onA.ratio(first, second), onB.ratio(first, second)}, onA.aa, onB.aa)
		}
	}
	if len(r.Engines) < 2 {
		r.Refused = "fewer than two engines have rates on both MMUs"
	}
	r.verdicts(records)
	return r
}

// rates is the headline rate of each engine of a group, by repetition.
type rates struct {
	series map[string]map[int]float64
	aa     Ratio
}

func ratesOf(records []result.Record, g Group) rates {
	metric := Rate(g.Class)
	r := rates{map[string]map[int]float64{}, AA(records, g.Cases[0], metric)}
	for _, c := range g.Cases {
		r.series[c.Engine] = Series(records, c, metric)
	}
	return r
}

func (r rates) ratio(first, second string) Ratio { return Paired(r.series[first], r.series[second]) }

// pair takes in one pair of engines. It is a swap only where both MMUs call
// the difference a difference.
func (r *Ranking) pair(s Swap, aaA, aaB Ratio) {
	if s.A.Refused != "" || s.B.Refused != "" {
		r.Refused = cmp.Or(r.Refused, s.A.Refused, s.B.Refused)
		return
	}
	r.Pairs++
	apartA, apartB := s.A.Verdict(aaA) == Different, s.B.Verdict(aaB) == Different
	switch {
	case apartA && apartB && (s.A.Center > 1) != (s.B.Center > 1):
		r.Swaps = append(r.Swaps, s)
	case apartA != apartB:
		r.Half = append(r.Half, s)
	}
}

// verdicts compares how badly each engine did.
func (r *Ranking) verdicts(records []result.Record) {
	for _, a := range r.A.Cases {
		for _, b := range r.B.Cases {
			if a.Engine == b.Engine && a.MMU != b.MMU {
				r.verdict(a.Engine, Of(records, a), Of(records, b))
			}
		}
	}
}

func (r *Ranking) verdict(engine string, a, b []result.Record) {
	worstA, worstB := Worst(a), Worst(b)
	if worstA == worstB || worstA == NoOutcome || worstB == NoOutcome {
		return
	}
	level := max(worstA, worstB)
	v := VerdictChange{engine, tally(a, worstA, level), tally(b, worstB, level)}
	if fisher(v.A.Events, v.A.N, v.B.Events, v.B.N) <= 1-Confidence {
		r.Verdicts = append(r.Verdicts, v)
	} else {
		r.Unsure = append(r.Unsure, v)
	}
}

// tally counts the repetitions that were as bad as level.
func tally(records []result.Record, worst, level Outcome) Tally {
	t := Tally{Worst: worst}
	for i := range records {
		t.Exposures += records[i].Exposures
		o := OutcomeOf(&records[i])
		if o == NoOutcome {
			continue
		}
		t.N++
		if o >= level {
			t.Events++
		}
	}
	return t
}

// fisher is Fisher's exact test, two-sided: how likely k1 of n1 against k2 of n2,
// or something as unlikely, comes of the same chance. Repetitions are its
// trials, because what goes wrong in one comes in bursts.
func fisher(k1, n1, k2, n2 int) float64 {
	k := k1 + k2
	p := func(i int) float64 { return math.Exp(choose(n1, i) + choose(n2, k-i) - choose(n1+n2, k)) }
	seen, sum := p(k1), 0.0
	for i := max(0, k-n2); i <= min(k, n1); i++ {
		if q := p(i); q <= seen*(1+1e-9) {
			sum += q
		}
	}
	return sum
}

// choose is the logarithm of n over k.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
