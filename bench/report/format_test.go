package report

import (
	"testing"

	"cohbench/bench/compare"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{si(0), "0"}, {si(7), "7.00"}, {si(999.4), "999"}, {si(999.6), "1.00k"}, {si(12345), "12.3k"}, {si(44000), "44.0k"}, {si(43999), "44.0k"}, {si(1.5e6), "1.50M"},
		{duration(950), "950 ns"}, {duration(1234), "1.23 µs"}, {duration(999.6e3), "1.00 ms"}, {duration(2.5e9), "2.50 s"},
		{scientific(0.4), "0.4"}, {scientific(0.0123), "0.012"}, {scientific(0.00042), "4.2e-4"}, {scientific(3e-12), "3.0e-12"}, {scientific(0), "0"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(-1234567), "-1,234,567"}, {count(-100), "-100"},
		{chance(compare.PerTrial([]int64{0}, []int64{6000})), "<5.0e-4 (0/6.00k)"},
		{chance(compare.PerTrial([]int64{0}, []int64{40})), "<0.075 (0/40)"},
		{chance(compare.PerTrial([]int64{0}, []int64{0})), "no exposures"},
		{chance(compare.PerTrial([]int64{100}, []int64{1000})), "0.1 [0.081, 0.12]"},
		{estimate(compare.Median(nil), si), "-"}, {interval(compare.Median([]float64{1, 2}), si), ""},
		{interval(compare.Median([]float64{1, 2, 3, 4, 5, 6}), si), "[1.00, 6.00]"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
