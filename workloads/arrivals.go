package workloads

import "math/rand/v2"

// An Arrival says how the operations of an offered rate are spread in time.
type Arrival int

// The arrivals.
const (
	ArrivalConstant Arrival = iota // evenly; the tasks that share a rate take turns
	ArrivalPoisson                 // each at random, independent of all others
)

var arrivalNames = []string{"constant", "poisson"}

func (a Arrival) String() string { return arrivalNames[a] }

// arrivals is one task's share of a schedule: a sequence of times at which
// operations are due.
type arrivals struct {
	at     float64 // clock, ns: the next
	period float64 // ns, on average
	rand   *rand.Rand
}

// newArrivals begins at the clock's reading from. offset, a share of the
// period, spreads the tasks of a constant rate; a random one with the same seed
// is the same.
func newArrivals(kind Arrival, from int64, period, offset float64, seed uint64) arrivals {
	a := arrivals{at: float64(from), period: period}
	if kind == ArrivalPoisson {
		a.rand = rand.New(rand.NewPCG(seed, 0))
		a.pop()
		return a
	}
	a.at += offset * period
	return a
}

// pop is the next time, taken off.
func (a *arrivals) pop() int64 {
	at := a.at
	if a.rand != nil {
		a.at += a.period * a.rand.ExpFloat64()
	} else {
		a.at += a.period
	}
	return int64(at)
}
