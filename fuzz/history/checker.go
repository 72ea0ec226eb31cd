package history

import (
	"cmp"
	"math"
	"slices"
)

// Open is the end of an operation that has not returned.
const Open = math.MaxInt64

// Op is one read or write of a cell. Ticks count the starts and ends of the
// run's operations; one that ends before another starts comes before it. What
// the cell held at first is a write that ends before everything else starts.
type Op struct {
	Start, End int64
	Value      uint64
	Write      bool
	Maybe      bool // a write that failed or did not return: if nobody read it, it may not have happened
	ID         int32
}

// Kind is what is wrong with a read.
type Kind uint8

const (
	// Nowhere: nobody wrote the value.
	Nowhere Kind = iota
	// Early: the read had ended when the write of its value started.
	Early
	// Stale: a write which started after that of the value had ended, had
	// itself ended when the read started.
	Stale
	// Inverted: as Stale, but the newer write had not ended; another read had
	// returned its value already.
	Inverted
	// Flipped: the two writes overlap, and reads contradict each other about
	// which of them is the newer one.
	Flipped
)

func (k Kind) String() string {
	return [...]string{"nowhere", "early", "stale", "inverted", "flipped"}[k]
}

// Violation is a read that fits into no order, as IDs of operations; None
// where there is none.
type Violation struct {
	Kind   Kind
	Read   int32 // the read
	Wrote  int32 // the write whose value it returned
	Missed int32 // the write that it should have seen
	Proof  int32 // who says so: that write, or a read that had seen it
}

// None is no operation.
const None = -1

// MaxTries bounds the search for the sources of reads whose value has several.
const MaxTries = 1 << 12

// Checker checks one history after another. It keeps its memory; the zero
// value is ready.
type Checker struct {
	// Unknown says that the last history would have taken too many tries:
	// nothing is reported then of the reads with several possible sources.
	Unknown bool

	ops    []Op
	zones  []zone
	vague  []vagueRead
	sorted []zone
	found  []Violation
	tries  int
}

// zone is what is known of one write: when its value was there.
type zone struct {
	value  uint64
	write  int32 // these are indices of Checker.ops
	ends   int32 // the operation that ended first
	starts int32 // and the one that started last
	f, s   int64 // when they did
	idle   bool  // nobody read it
}

// vagueRead is a read whose value several operations wrote.
type vagueRead struct {
	read     int32
	from, to int32 // their zones
}

// before says that something of x ended before something of y started: all of
// x comes first.
func (x *zone) before(y *zone) bool { return x.f < y.s }

func (x *zone) conflicts(y *zone) bool { return x.before(y) && y.before(x) }

// Check returns what is wrong with a history; nothing if it is in order. The
// result is valid until the next call. It takes O(n log n) if no value has two
// writes.
func (c *Checker) Check(ops []Op) []Violation {
	c.ops = ops
	c.zones, c.vague, c.found = c.zones[:0], c.vague[:0], c.found[:0]
	c.Unknown, c.tries = false, 0
	c.collect()
	if len(c.zones) > small || c.anyConflict() {
		c.sweep()
	}
	if len(c.vague) > 0 {
		c.assign()
	}
	return c.found
}

// small is how many zones are looked through rather than sorted.
const small = 12

// collect makes the zones, by value and start, and adds the reads to those of
// their values.
func (c *Checker) collect() {
	for i := range c.ops {
		if o := &c.ops[i]; o.Write {
			k := int32(i)
			c.zones = append(c.zones, zone{value: o.Value, write: k, ends: k, starts: k, f: o.End, s: o.Start, idle: true})
		}
	}
	slices.SortFunc(c.zones, func(x, y zone) int {
		return cmp.Or(cmp.Compare(x.value, y.value), cmp.Compare(x.s, y.s))
	})
	for i := range c.ops {
		if !c.ops[i].Write {
			c.add(int32(i))
		}
	}
}

// add adds a read to the zone of its value, if there is one such zone.
func (c *Checker) add(read int32) {
	r := &c.ops[read]
	from := c.find(r.Value)
	to := from
	for to < len(c.zones) && c.zones[to].value == r.Value {
		to++
	}
	switch {
	case to == from:
		c.report(Violation{Nowhere, r.ID, None, None, None})
	case to-from > 1:
		c.vague = append(c.vague, vagueRead{read, int32(from), int32(to)})
	default:
		if w := &c.ops[c.zones[from].write]; r.End < w.Start {
			c.report(Violation{Early, r.ID, w.ID, None, None})
			return
		}
		c.zones[from].extend(c.ops, read)
	}
}

// find returns the first zone of a value, or where it would be.
func (c *Checker) find(value uint64) int {
	if len(c.zones) <= small {
		i := 0
		for i < len(c.zones) && c.zones[i].value < value {
			i++
		}
		return i
	}
	i, _ := slices.BinarySearchFunc(c.zones, value, func(x zone, v uint64) int { return cmp.Compare(x.value, v) })
	return i
}

// anyConflict compares all zones with each other.
func (c *Checker) anyConflict() bool {
	for i := range c.zones {
		x := &c.zones[i]
		for j := range c.zones[:i] {
			if y := &c.zones[j]; x.conflicts(y) && c.happened(x) && c.happened(y) {
				return true
			}
		}
	}
	return false
}

// extend adds a read of the zone's value.
func (x *zone) extend(ops []Op, r int32) {
	x.idle = false
	if ops[r].End < x.f {
		x.ends, x.f = r, ops[r].End
	}
	if ops[r].Start > x.s {
		x.starts, x.s = r, ops[r].Start
	}
}

// happened says whether the zone counts: one that nobody read may not have.
func (c *Checker) happened(x *zone) bool { return !x.idle || !c.ops[x.write].Maybe }

func (c *Checker) report(v Violation) { c.found = append(c.found, v) }

// sweep looks for conflicts between zones. Zones that end before they start
// (s <= f) conflict with those only within which they lie, and others whenever
// they overlap.
func (c *Checker) sweep() {
	c.sorted = c.sorted[:0]
	for i := range c.zones {
		if x := &c.zones[i]; c.happened(x) {
			c.sorted = append(c.sorted, *x)
		}
	}
	slices.SortFunc(c.sorted, func(x, y zone) int {
		if a, b := min(x.f, x.s), min(y.f, y.s); a != b || (x.f < x.s) == (y.f < y.s) {
			return cmp.Compare(a, b)
		} else if x.f < x.s {
			return +1
		}
		return -1
	})
	open := -1 // the zone with f < s that reaches farthest
	for i := range c.sorted {
		x := &c.sorted[i]
		if open >= 0 && x.conflicts(&c.sorted[open]) {
			c.report(c.explain(x, &c.sorted[open]))
		}
		if x.f < x.s && (open < 0 || x.s > c.sorted[open].s) {
			open = i
		}
	}
}

// explain says what is wrong with two zones that conflict. What started last
// in a zone is a read then: a write would have had an early read.
func (c *Checker) explain(x, y *zone) Violation {
	if x.s < y.s {
		x, y = y, x
	}
	if c.ops[y.write].End < c.ops[x.write].Start {
		x, y = y, x // the read of the older value is at fault
	}
	wx, wy := &c.ops[x.write], &c.ops[y.write]
	v := Violation{Flipped, c.ops[x.starts].ID, wx.ID, wy.ID, c.ops[y.ends].ID}
	if wx.End < wy.Start {
		v.Kind = Inverted
		if wy.End < x.s {
			v.Kind, v.Proof = Stale, wy.ID
		}
	}
	return v
}
