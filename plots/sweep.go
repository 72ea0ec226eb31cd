package plots

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A dimension is what groups of a sweep differ by.
type dimension struct {
	name  string // of the axis
	value func(g compare.Group) (float64, bool)
	// drop removes it from a group, so that groups which differ by nothing else
	// become equal.
	drop func(g *compare.Group)
}

var (
	byThreads = dimension{
		name:  "threads",
		value: func(g compare.Group) (float64, bool) { return float64(g.Threads), true },
		drop:  func(g *compare.Group) { g.Threads = 0 },
	}
	byBlock = dimension{
		name:  "bytes per operation",
		value: func(g compare.Group) (float64, bool) { return float64(g.Block), true },
		drop:  func(g *compare.Group) { g.Block = 0 },
	}
)

// bySetting is a parameter in the settings of a group, if it is a number.
func bySetting(name string) dimension {
	return dimension{
		name: name,
		value: func(g compare.Group) (float64, bool) {
			for part := range strings.SplitSeq(g.Set, ",") {
				if k, v, ok := strings.Cut(part, "="); ok && k == name {
					return number(v)
				}
			}
			return 0, false
		},
		drop: func(g *compare.Group) {
			parts := strings.Split(g.Set, ",")
			g.Set = strings.Join(slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, name+"=") }), ",")
		},
	}
}

// number reads 20000, 2.5e4 and 20k.
func number(s string) (float64, bool) {
	scale := 1.0
	for suffix, v := range map[string]float64{"k": 1e3, "M": 1e6} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			s, scale = rest, v
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v * scale, err == nil
}

// settings lists the names of the numbers that groups were given.
func settings(groups []compare.Group) []string {
	var names []string
	for _, g := range groups {
		for part := range strings.SplitSeq(g.Set, ",") {
			if k, v, ok := strings.Cut(part, "="); ok && !slices.Contains(names, k) {
				if _, ok := number(v); ok {
					names = append(names, k)
				}
			}
		}
	}
	return names
}

// A step is one group of a family, and its value.
type step struct {
	compare.Group
	x float64
}

// A family is the groups that differ by one dimension, in rising order.
type family struct {
	compare.Group // what they share
	steps         []step
}

// families returns those with more than one step, in the order of the groups.
func families(groups []compare.Group, d dimension) []family {
	var all []family
	for _, g := range groups {
		x, ok := d.value(g)
		if !ok {
			continue
		}
		shared := g
		d.drop(&shared)
		i := slices.IndexFunc(all, func(f family) bool { return f.Equal(shared) })
		if i < 0 {
			i = len(all)
			all = append(all, family{Group: shared})
		}
		all[i].steps = append(all[i].steps, step{g, x})
	}
	all = slices.DeleteFunc(all, func(f family) bool { return len(f.steps) < 2 })
	for i := range all {
		slices.SortStableFunc(all[i].steps, func(a, b step) int { return cmp.Compare(a.x, b.x) })
	}
	return all
}

// label names a family among others.
func (f family) label(all []family) string {
	label := f.Workload
	differ := func(d func(o family) bool) bool {
		return slices.ContainsFunc(all, func(o family) bool { return o.Workload == f.Workload && d(o) })
	}
	if f.Threads != 0 {
		label += ", " + strconv.Itoa(f.Threads) + " " + plural(f.Threads, "thread")
	}
	if f.Block != 0 && differ(func(o family) bool { return o.Block != f.Block }) {
		label += ", " + quantity.Bytes(int64(f.Block)) + " blocks"
	}
	if differ(func(o family) bool { return o.MMU != f.MMU }) {
		label += ", MMU " + f.MMU
	}
	if differ(func(o family) bool { return o.Size != f.Size }) {
		label += ", files of " + quantity.Bytes(f.Size)
	}
	if f.IODepth > 1 {
		label += ", IO depth " + strconv.Itoa(f.IODepth)
	}
	if f.Set != "" {
		label += ", " + f.Set
	}
	return label
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// sayLeftOut says in a picture with a panel per group which groups have none
// (see panels).
func (f *Figure) sayLeftOut(run *result.Run) {
	perGroup := slices.Contains([]string{"tradeoff", "overview", "throughput", "staleness", "visibility", "latency", "percentiles"}, f.Name)
	all := compare.Groups(run)
	most := compare.MostThreads(all)
	if len(most) < len(all) && (perGroup || f.Name == "block-size") {
		f.Note += " Of several numbers of threads only the largest is shown."
	}
	if len(ends(most)) < len(most) && perGroup {
		f.Note += " Of other sweeps only the first and the last step are shown."
	}
}

// ends keeps, of the groups which differ by their settings or their block
// alone, the first and the last: the rest is in the pictures of sweeps, and
// would fill pages elsewhere.
func ends(groups []compare.Group) []compare.Group {
	inside := func(g compare.Group, d dimension) bool {
		x, ok := d.value(g)
		for _, f := range families(groups, d) {
			shared := g
			d.drop(&shared)
			if ok && f.Equal(shared) && x > f.steps[0].x && x < f.steps[len(f.steps)-1].x {
				return true
			}
		}
		return false
	}
	dimensions := []dimension{byBlock}
	for _, name := range settings(groups) {
		dimensions = append(dimensions, bySetting(name))
	}
	return slices.DeleteFunc(slices.Clone(groups), func(g compare.Group) bool {
		return slices.ContainsFunc(dimensions, func(d dimension) bool { return inside(g, d) })
	})
}

// curves is a metric of each engine along a family. A case that did not end
// well, or not always, says so in a note.
func (f family) curves(records []result.Record, m compare.Metric) []Line {
	var l Lines
	for _, s := range f.steps {
		for _, c := range s.Cases {
			e := compare.Summary(records, c, m)
			pt := Point{X: s.x, Note: failures(records, c), None: e.N == 0}
			if e.N > 0 {
				pt.Y = valueOf(e)
			}
			if e.N > 0 || pt.Note != "" {
				l.add(c.Engine, pt)
			}
		}
	}
	return l.Curves
}
