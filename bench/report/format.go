package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cohbench/bench/compare"
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
		return fmt.Sprintf("<%s (0/%s)", scientific(c.Hi), trials(c.Trials))
	}
	return fmt.Sprintf("%s [%s, %s]", scientific(c.Value), scientific(c.Lo), scientific(c.Hi))
}

// trials prints a count in full as long as it is short.
func trials(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return si(float64(n))
}

// scientific prints two significant digits: 0.4, 0.042, 4.2e-4.
func scientific(v float64) string {
	if v >= 0.001 || v == 0 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e-")
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// si prints three significant digits with a metric prefix: 12.3k, 1.5M.
func si(v float64) string {
	for _, p := range []struct {
		scale  float64
		letter string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= p.scale*0.9995 {
			return digits(v/p.scale) + p.letter
		}
	}
	return digits(v)
}

func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case math.Abs(v) >= 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSuffix(fmt.Sprintf("%#.3g", v), ".")
}

// duration prints ns.
func duration(ns float64) string {
	switch {
	case ns >= 0.9995e9:
		return digits(ns/1e9) + " s"
	case ns >= 0.9995e6:
		return digits(ns/1e6) + " ms"
	case ns >= 0.9995e3:
		return digits(ns/1e3) + " µs"
	}
	return digits(ns) + " ns"
}

// count prints a whole number in full, in groups of three.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
