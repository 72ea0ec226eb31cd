package workloads

import (
	"context"
	"math"
	"time"
)

// A SteadyRule says when a case is in a steady state: when the rate of its
// primary class, over a window of equal intervals, neither rises nor falls nor
// strays by more than a share of its mean (fio(1), steadystate; SNIA SSS PTS).
type SteadyRule struct {
	Limit  float64       // of the mean: for the rise of the least-squares line over the window, and for the largest deviation
	Window time.Duration // of measured time
	AtMost time.Duration // what is measured after so long is measured all the same
}

// steadyIntervals is how many intervals a window has.
const steadyIntervals = 10

// Steady is what came of waiting for a steady state.
type Steady struct {
	Class    string // whose rate it was; "" all operations, where no role has a primary class
	Attained bool
	Waited   time.Duration // of measured time
	// Of the last window, as shares of the mean.
	Slope, Deviation float64
}

// settleDown runs unmeasured rounds until the rule is kept, or for as long as it
// allows. It notes which.
func (x *execution) settleDown(ctx context.Context) error {
	rule := x.c.Steady
	if rule == nil {
		return nil
	}
	out := &Steady{}
	op, primary := x.c.Workload.Primary(x.p)
	if primary {
		out.Class = op.String()
	}
	x.out.Steady = out
	var rates []float64
	for begin := x.out.Elapsed; !out.Attained && x.out.Elapsed-begin < rule.AtMost; {
		before, from := x.completed(op, primary), x.out.Elapsed
		if err := x.rounds(ctx, rule.Window/steadyIntervals); err != nil {
			return err
		}
		rates = append(rates, float64(x.completed(op, primary)-before)/(x.out.Elapsed-from).Seconds())
		out.Waited = x.out.Elapsed - begin
		if n := len(rates); n >= steadyIntervals {
			out.Slope, out.Deviation = trend(rates[n-steadyIntervals:])
			out.Attained = math.Abs(out.Slope) <= rule.Limit && out.Deviation <= rule.Limit
		}
	}
	return nil
}

// rounds runs rounds for d of measured time.
func (x *execution) rounds(ctx context.Context, d time.Duration) error {
	for until := x.out.Elapsed + d; x.out.Elapsed < until; {
		if err := x.round(ctx, min(until-x.out.Elapsed, x.roundLength())); err != nil {
			return err
		}
		x.out.Rounds++
	}
	return nil
}

// completed is how many operations of a class, or of all, were completed. Only
// between rounds.
func (x *execution) completed(op Op, primary bool) (n int64) {
	for _, c := range x.tasks {
		for i := range c.stats {
			if !primary || Op(i) == op {
				n += c.stats[i].ops
			}
		}
	}
	return n
}

// trend is how far the least-squares line through equally spaced values rises
// from the first to the last, and how far the value furthest from the mean is,
// both as shares of the mean. Without a mean both are infinite.
func trend(values []float64) (slope, deviation float64) {
	n := float64(len(values))
	var mean, sxy, sxx float64
	for _, v := range values {
		mean += v / n
	}
	if mean == 0 {
		return math.Inf(1), math.Inf(1)
	}
	for i, v := range values {
		dx := float64(i) - (n-1)/2
		sxy += dx * (v - mean)
		sxx += dx * dx
		deviation = max(deviation, math.Abs(v-mean)/mean)
	}
	return sxy / sxx * (n - 1) / mean, deviation
}
