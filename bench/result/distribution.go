package result

import (
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Distribution is the latencies of one class of a case, all repetitions
// together.
type Distribution struct {
	N    int64 // operations
	Tail []Quantile
}

// A Quantile says that the fraction Above of all operations took longer than
// Ns.
type Quantile struct {
	Ns    float64
	Above float64
}

// Distribution merges the histograms of all repetitions of c that ended well.
// Without any, N is 0.
func (run *Run) Distribution(c Case, class string) (Distribution, error) {
	var sum *hdrhistogram.Histogram
	for i := range run.Records {
		r := &run.Records[i]
		if r.Case() != c || !r.OK() || r.Hist[class] == "" {
			continue
		}
		h, err := run.Histogram(r, class)
		if err != nil {
			return Distribution{}, err
		}
		if sum == nil {
			sum = h
		} else if dropped := sum.Merge(h); dropped > 0 {
			return Distribution{}, fmt.Errorf("histograms of %s class %s: the range of rep %d leaves out %d values", c, class, r.Rep, dropped)
		}
	}
	if sum == nil {
		return Distribution{}, nil
	}
	return distribution(sum), nil
}

// distribution samples h at quantiles evenly spaced in the logarithm of what
// is above them, down to one operation in the whole; the fastest tenth, which
// would be one step, by hundredths.
func distribution(h *hdrhistogram.Histogram) Distribution {
	n := h.TotalCount()
	d := Distribution{N: n, Tail: []Quantile{{float64(h.Min()), 1}}}
	for i := 1; i < 10; i++ {
		d.Tail = append(d.Tail, Quantile{float64(h.ValueAtQuantile(float64(i))), 1 - float64(i)/100})
	}
	const perDecade = 20
	for i := 1; ; i++ {
		above := math.Pow(10, -float64(i)/perDecade)
		if above*float64(n) < 1 {
			break
		}
		d.Tail = append(d.Tail, Quantile{float64(h.ValueAtQuantile(100 * (1 - above))), above})
	}
	d.Tail = append(d.Tail, Quantile{float64(h.Max()), 1 / float64(n)})
	return d
}
