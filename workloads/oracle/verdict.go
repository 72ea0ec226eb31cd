package oracle

import (
	"fmt"
	"strings"
)

// Kind is one way in which a value can be wrong.
type Kind uint8

// The kinds, the gravest first among those that one cell can have at once.
const (
	Torn       Kind = iota // no stamp of this cell
	Nowhere                // a stamp that its writer never wrote there
	Stale                  // superseded before the read began
	Inverted               // older than what an earlier read returned
	Flipped                // undoes what an earlier read returned
	InFlight               // inverted or flipped while the newer write is in flight; held against nobody
	Lost                   // at quiesce: superseded
	SilentLost             // lost, and every Sync said success
	Incoherent             // at quiesce: the views differ
	numKinds
)

var kindNames = [numKinds]string{
	Torn: "torn", Nowhere: "from nowhere", Stale: "stale", Inverted: "inverted", Flipped: "flipped",
	InFlight: "in flight", Lost: "lost", SilentLost: "silently lost", Incoherent: "incoherent",
}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Verdict is the set of kinds that the cells of one read showed. The zero
// value: nothing wrong.
type Verdict uint16

// Has reports whether some cell was of kind k.
func (v Verdict) Has(k Kind) bool { return v&(1<<k) != 0 }

// Bad reports whether the system under test is at fault: anything but InFlight.
func (v Verdict) Bad() bool { return v&^(1<<InFlight) != 0 }

func (v Verdict) String() string {
	if v == 0 {
		return "ok"
	}
	var names []string
	for k := range numKinds {
		if v.Has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ", ")
}

// View is the way in which data was read at quiesce.
type View uint8

// The views. During a run the reader knows what it did; it is ViewNone then.
const (
	ViewNone View = iota
	ViewDirect
	ViewBuffered
	ViewMapped
)

func (v View) String() string {
	return [...]string{"", "direct", "buffered", "mapped"}[v&3]
}

// Violation is one finding: neighbouring cells of one read that are wrong in
// the same way.
type Violation struct {
	Kind   Kind
	File   string // Config.Name
	Off    int64  // bytes: the first wrong cell
	Cells  int    // wrong cells of this kind in this block with this origin
	Value  uint64 // the word at Off
	View   View   // at quiesce, which view
	Zero   bool   // the value is zero, so that it has no writer
	Writer int    // who wrote it; 0 if unknown
	Seq    uint64 // its sequence
	End    uint64 // tick by which that write had ended; 0 if unknown

	NewerWriter int    // who wrote what should have been seen; 0 if unknown
	NewerStart  uint64 // tick at which that write, or the earlier read that contradicts, began
	Other       uint64 // Incoherent: the word of the most durable view

	Versions int   // Stale, Lost: completed writes that it is behind; a lower bound
	AgeNs    int64 // Stale, Lost: time since a write that superseded it returned; -1 if unknown
}

// String is one line.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s+%#x", v.Kind, v.File, v.Off)
	if v.Cells > 1 {
		fmt.Fprintf(&b, " (%d cells)", v.Cells)
	}
	if v.View != ViewNone {
		fmt.Fprintf(&b, " in the %s view", v.View)
	}
	b.WriteString(": ")
	v.origin(&b)
	v.reason(&b)
	return b.String()
}

func (v *Violation) origin(b *strings.Builder) {
	switch {
	case v.Zero:
		b.WriteString("zero")
	case v.Writer == 0:
		fmt.Fprintf(b, "word %#016x", v.Value)
	default:
		fmt.Fprintf(b, "write %d.%d", v.Writer, v.Seq)
	}
	if v.End != 0 {
		fmt.Fprintf(b, ", ended by tick %d", v.End)
	}
}

func (v *Violation) reason(b *strings.Builder) {
	switch v.Kind {
	case Stale, Lost, SilentLost:
		fmt.Fprintf(b, ", superseded by writer %d from tick %d on; behind by at least %d", v.NewerWriter, v.NewerStart, v.Versions)
		if v.AgeNs >= 0 {
			fmt.Fprintf(b, ", for %d ns", v.AgeNs)
		}
	case Inverted, Flipped, InFlight:
		if v.NewerWriter != 0 {
			fmt.Fprintf(b, ", but an earlier read saw writer %d", v.NewerWriter)
		} else {
			b.WriteString(", but an earlier read saw zero")
		}
		fmt.Fprintf(b, " (tick %d)", v.NewerStart)
	case Incoherent:
		fmt.Fprintf(b, ", but %#016x in the most durable one", v.Other)
	case Nowhere:
		b.WriteString(", never written there")
	case Torn:
		b.WriteString(" is no stamp of this cell")
	}
}
