package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A Chance is how often something happened per trial: stale reads per
// exposure, rounds with a loss per round.
type Chance struct {
	Events, Trials int64
	Value          float64 // Events / Trials
	// Lo and Hi enclose the chance with Confidence. Without events Hi is the
	// rule of three: 3/Trials.
	Lo, Hi float64
	// None says why there is no figure: nothing was tried.
	None     string
	Warnings []string
}

// Bound reports whether nothing happened, so that only Hi tells anything.
func (c Chance) Bound() bool { return c.None == "" && c.Events == 0 }

// resamples and the seed of the bootstrap. The seed is fixed, so that the same
// results give the same report.
const (
	resamples     = 2000
	bootstrapSeed = 0x636f68
)

// PerTrial estimates events per trial from the counts of each cluster, a round
// or a repetition; the two slices have the same length. No event in N trials is a
// bound, 3/N (the rule of three: (1-p)^N = 5 % at p = 3/N). Otherwise the interval is the
// wider, at each end, of two: the exact Poisson one, which would do if events came one by
// one, and a bootstrap over the clusters, because they come in bursts: one stale page is
// read many times over.
func PerTrial(events, trials []int64) Chance {
	c := Chance{Events: sum(events), Trials: sum(trials)}
	switch {
	case c.Trials == 0 && c.Events == 0:
		c.None = "no exposures"
		return c
	case c.Trials == 0:
		c.None = fmt.Sprintf("%d events, no exposures", c.Events)
		return c
	case c.Events == 0:
		c.Hi = 3 / float64(c.Trials)
		return c
	}
	n := float64(c.Trials)
	c.Value = float64(c.Events) / n
	lo, hi := poisson(c.Events)
	c.Lo, c.Hi = lo/n, hi/n
	if len(events) < MinReps {
		c.Warnings = append(c.Warnings, fmt.Sprintf("the interval takes events as independent: %d rounds or repetitions are too few to see bursts", len(events)))
		return c
	}
	c.widen(events, trials)
	return c
}

// widen takes in the interval of a bootstrap over clusters.
func (c *Chance) widen(events, trials []int64) {
	lo, hi := bootstrap(events, trials)
	c.Lo, c.Hi = min(c.Lo, lo), max(c.Hi, hi)
}

func sum(xs []int64) (s int64) {
	for _, x := range xs {
		s += x
	}
	return s
}

// bootstrap returns the percentile interval of sum(events)/sum(trials) over
// resampled clusters (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// section 13.3). Where there are many, some in a row count as one.
func bootstrap(events, trials []int64) (lo, hi float64) {
	events, trials = inRow(events), inRow(trials)
	rng := rand.New(rand.NewPCG(bootstrapSeed, uint64(len(events))))
	var rates []float64
	for range resamples {
		var e, t int64
		for range events {
			i := rng.IntN(len(events))
			e, t = e+events[i], t+trials[i]
		}
		if t > 0 {
			rates = append(rates, float64(e)/float64(t))
		}
	}
	slices.Sort(rates)
	tail := (1 - Confidence) / 2
	return rates[int(tail*float64(len(rates)))], rates[int((1-tail)*float64(len(rates)-1))]
}

// maxClusters keeps the bootstrap of a long run from taking minutes.
const maxClusters = 1000

// inRow sums up neighbours where there are more than maxClusters.
func inRow(counts []int64) []int64 {
	if len(counts) <= maxClusters {
		return counts
	}
	var sums []int64
	for some := range slices.Chunk(counts, (len(counts)+maxClusters-1)/maxClusters) {
		sums = append(sums, sum(some))
	}
	return sums
}

// poisson returns the exact interval of the mean of a Poisson distribution of
// which n > 0 events were seen (Garwood 1936): the means at which n or more, and n
// or fewer, have a probability of half of what is outside Confidence.
func poisson(n int64) (lo, hi float64) {
	tail := (1 - Confidence) / 2
	k := float64(n)
	spread := 10*math.Sqrt(k) + 10
	lo = bisect(max(0, k-spread), k, func(mean float64) bool { return poissonBelow(n, mean) > 1-tail })
	hi = bisect(k, k+spread, func(mean float64) bool { return poissonBelow(n+1, mean) > tail })
	return lo, hi
}

// poissonBelow is P[Poisson(mean) < n]: its terms are summed downwards from
// n-1 until they no longer count.
func poissonBelow(n int64, mean float64) float64 {
	if mean <= 0 {
		return 1
	}
	total := 0.0
	lg, _ := math.Lgamma(float64(n))
	term := math.Exp(float64(n-1)*math.Log(mean) - mean - lg)
	for i := n - 1; i >= 0; i-- {
		total += term
		if float64(i) < mean && term < total*1e-15 {
			break
		}
		term *= float64(i) / mean
	}
	return total
}

// Share estimates the share of independent trials in which something happened,
// with the exact interval of a binomial proportion (Clopper and Pearson 1934);
// no event in N trials is the bound 3/N.
func Share(events, trials int64) Chance {
	c := Chance{Events: events, Trials: trials}
	tail, share := (1-Confidence)/2, float64(events)/float64(trials)
	switch {
	case trials == 0:
		c.None = "not measured"
	case events == 0:
		c.Hi = min(1, 3/float64(trials))
	default:
		c.Value, c.Hi = share, 1
		c.Lo = bisect(0, share, func(p float64) bool { return binomialBelow(events, trials, p) > 1-tail })
		if events < trials {
			c.Hi = bisect(share, 1, func(p float64) bool { return binomialBelow(events+1, trials, p) > tail })
		}
	}
	return c
}

// binomialBelow is P[Binomial(n, p) < k], for 0 < k <= n.
func binomialBelow(k, n int64, p float64) (total float64) {
	switch p {
	case 0:
		return 1
	case 1:
		return 0
	}
	logFactorial := func(n int64) float64 { lg, _ := math.Lgamma(float64(n + 1)); return lg }
	for i := range k {
		total += math.Exp(logFactorial(n) - logFactorial(i) - logFactorial(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return total
}

// bisect finds where below, true at lo and false at hi, changes.
func bisect(lo, hi float64, below func(float64) bool) float64 {
	for range 100 {
		mid := lo + (hi-lo)/2
		if below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
