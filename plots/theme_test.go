package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"testing"

	"cohbench/bench/result/resulttest"
)

// The engines stay apart to every kind of eye: in CIELAB, a difference of 10 is
// plain to see side by side.
func TestColoursStayApart(t *testing.T) {
	for sight, matrix := range map[string][3][3]float64{
		"all cones": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		// Machado, Oliveira, Fernandes 2009, severity 1.
		"no red":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"no green": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"no blue":  {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	} {
		for i, a := range looks {
			for j, b := range looks[:i] {
				if d := distance(seen(matrix, a.color), seen(matrix, b.color)); d < 10 {
					t.Errorf("%s: %s and %s are %.1f apart", sight, known[i], known[j], d)
				}
				if d := distance(seen(matrix, a.dark), seen(matrix, b.dark)); d < 10 {
					t.Errorf("%s, in the dark: %s and %s are %.1f apart", sight, known[i], known[j], d)
				}
			}
		}
	}
}

// seen returns the CIELAB coordinates of a colour as an eye sees it.
func seen(matrix [3][3]float64, c color.RGBA) [3]float64 {
	var rgb, dim [3]float64
	for i, v := range []uint8{c.R, c.G, c.B} {
		rgb[i] = math.Pow(float64(v)/255, 2.2)
	}
	for i := range dim {
		for j := range rgb {
			dim[i] += matrix[i][j] * rgb[j]
		}
		dim[i] = min(1, max(0, dim[i]))
	}
	f := func(v float64) float64 {
		if v > 0.008856 {
			return math.Cbrt(v)
		}
		return 7.787*v + 16./116
	}
	x := f((0.4124*dim[0] + 0.3576*dim[1] + 0.1805*dim[2]) / 0.9505)
	y := f(0.2126*dim[0] + 0.7152*dim[1] + 0.0722*dim[2])
	z := f((0.0193*dim[0] + 0.1192*dim[1] + 0.9505*dim[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func distance(a, b [3]float64) float64 {
	return math.Sqrt(math.Pow(a[0]-b[0], 2) + math.Pow(a[1]-b[1], 2) + math.Pow(a[2]-b[2], 2))
}

// An engine looks the same whoever else is in the picture.
func TestLooksAreFixed(t *testing.T) {
	all := newTheme(known)
	for _, e := range known {
		if alone := newTheme([]string{"stranger", e})[e]; alone.color != all[e].color || fmt.Sprint(alone.dashes) != fmt.Sprint(all[e].dashes) {
			t.Errorf("%s alone is %v, among others %v", e, alone.color, all[e].color)
		}
	}
	var colours, dashes []string
	for _, l := range slices.Concat(looks, spare) {
		colours = append(colours, fmt.Sprint(l.color))
		dashes = append(dashes, fmt.Sprint(l.dashes))
	}
	for _, list := range [][]string{colours, dashes} {
		slices.Sort(list)
		if n := len(slices.Compact(slices.Clone(list))); n != len(looks)+len(spare) {
			t.Errorf("only %d differ: %v", n, list)
		}
	}
}

// The engines that the made-up runs have are those with a look.
func TestKnownEngines(t *testing.T) {
	for i, e := range resulttest.Env(1, nil).Engines {
		if known[i] != e.Name {
			t.Errorf("engine %d is %s, known is %s", i, e.Name, known[i])
		}
	}
	if len(looks) != len(known) {
		t.Errorf("%d looks for %d engines", len(looks), len(known))
	}
}

// Lines and glyphs stand out from the ground, and text does more so: the
// contrasts that WCAG 2.2 asks of graphics and of text (1.4.11, 1.4.3).
func TestContrast(t *testing.T) {
	for _, l := range slices.Concat(looks, spare) {
		if c := contrast(l.dark, night[paper]); c < 3 {
			t.Errorf("%s on the dark ground has a contrast of %.1f", hex(l.dark), c)
		}
	}
	for _, text := range []color.RGBA{ink, faint} {
		if c := contrast(text, paper); c < 4.5 {
			t.Errorf("text %s has a contrast of %.1f", hex(text), c)
		}
		if c := contrast(night[text], night[paper]); c < 4.5 {
			t.Errorf("text %s in the dark has a contrast of %.1f", hex(text), c)
		}
	}
	for _, cell := range []color.RGBA{fine, amiss, wrong, blank} {
		if a, b := contrast(ink, cell), contrast(night[ink], night[cell]); a < 4.5 || b < 4.5 {
			t.Errorf("text on %s has contrasts of %.1f and, in the dark, %.1f", hex(cell), a, b)
		}
	}
}

func contrast(a, b color.RGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is that of sRGB (WCAG 2.2, "relative luminance").
func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
