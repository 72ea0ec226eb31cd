// Package quantity prints figures for people.
//
// One rule decides about trailing zeros. A measured figure keeps three
// significant digits, zeros included, because they say how well it is known:
// 12.0k, 1.50 ms (SI, Duration, Digits). A number that is exact, such as a mark
// on an axis or a parameter, has no more digits than it needs: 12k, 1.5 ms
// (ExactSI, ExactDuration, Exact).
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SI prints a measured figure with a metric prefix: 7.00, 12.3k, 1.50M.
func SI(v float64) string { return prefixed(v, Digits) }

// ExactSI prints an exact number with a metric prefix: 7, 12.5k, 1.5M.
func ExactSI(v float64) string { return prefixed(v, Exact) }

// Duration prints a measured time, in ns: 950 ns, 1.50 ms.
func Duration(ns float64) string { return timed(ns, Digits) }

// ExactDuration prints an exact time, in ns: 1 ms. Nothing has no unit.
func ExactDuration(ns float64) string {
	if ns == 0 {
		return "0"
	}
	return timed(ns, Exact)
}

// Digits prints a measured figure in three significant digits, more only where
// it has more before the point.
func Digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case math.Abs(v) >= 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSuffix(fmt.Sprintf("%#.3g", v), ".")
}

// Exact prints an exact number in at most three significant digits, which is
// enough for one that comes of an axis or a round parameter.
func Exact(v float64) string {
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if strings.Contains(s, "e") {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return s
}

// Scientific prints two significant digits: 0.4, 0.042, 4.2e-4.
func Scientific(v float64) string {
	if v >= 0.001 || v == 0 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e-")
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// Count prints a whole number in full, in groups of three: 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Short prints a count in full as long as it is short, else with a prefix.
func Short(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return SI(float64(n))
}

// Bytes prints a number of bytes, in powers of 1024 where it is a multiple: 4
// KiB, 1 MiB, 4100 B.
func Bytes(n int64) string {
	unit := "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + " " + unit
}

// rounding is where a unit begins: what rounds to 1.00 of it belongs to it.
const rounding = 0.9995

func prefixed(v float64, digits func(float64) string) string {
	for _, p := range []struct {
		scale  float64
		letter string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= p.scale*rounding {
			return digits(v/p.scale) + p.letter
		}
	}
	return digits(v)
}

func timed(ns float64, digits func(float64) string) string {
	for _, u := range []struct {
		scale float64
		name  string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
		if math.Abs(ns) >= u.scale*rounding {
			return digits(ns/u.scale) + " " + u.name
		}
	}
	return digits(ns) + " ns"
}
