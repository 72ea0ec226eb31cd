package report

import (
	"fmt"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
)

// estimate prints the middle of an estimate; "-" if there is none.
func estimate(e compare.Estimate, print func(float64) string) string {
	if e.N == 0 {
		return "-"
	}
	return print(e.Center)
}

// interval prints the interval of an estimate; "" if it has none.
func interval(e compare.Estimate, print func(float64) string) string {
	if !e.Interval() {
		return ""
	}
	return fmt.Sprintf("[%s, %s]", print(e.Lo), print(e.Hi))
}

func ratio(r compare.Ratio) string {
	return fmt.Sprintf("%.2f [%.2f, %.2f]", r.Center, r.Lo, r.Hi)
}

// chance prints events per trial: a bound where none was seen, and how many
// trials it rests on.
func chance(c compare.Chance) string {
	switch {
	case c.None != "":
		return c.None
	case c.Bound():
		return fmt.Sprintf("<%s (0/%s)", quantity.Scientific(c.Hi), quantity.Short(c.Trials))
	}
	return fmt.Sprintf("%s [%s, %s]", quantity.Scientific(c.Value), quantity.Scientific(c.Lo), quantity.Scientific(c.Hi))
}
