package report

import (
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{chance(compare.PerTrial([]int64{0}, []int64{6000})), "<5.0e-4 (0/6.00k)"},
		{chance(compare.PerTrial([]int64{0}, []int64{40})), "<0.075 (0/40)"},
		{chance(compare.PerTrial([]int64{0}, []int64{0})), "no exposures"},
		{chance(compare.PerTrial([]int64{100}, []int64{1000})), "0.1 [0.081, 0.12]"},
		{estimate(compare.Median(nil), quantity.SI), "-"}, {interval(compare.Median([]float64{1, 2}), quantity.SI), ""},
		{interval(compare.Median([]float64{1, 2, 3, 4, 5, 6}), quantity.SI), "[1.00, 6.00]"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
