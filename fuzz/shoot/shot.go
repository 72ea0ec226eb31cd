package shoot

import (
	"fmt"
	"slices"
	"strings"

	"cohbench/core/mmu"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Shot is an order in which the operations of a program are to run around a
// direct write that is held.
type Shot struct {
	Held  exec.OpRef
	Stops int // pages of its buffer that are filled one by one: 1 or 2
	Order []Event
}

// Event is a step of a Shot: an operation that runs to its end, or the held
// write's way to its next stop.
type Event struct {
	Op   exec.OpRef // the held write: its beginning, up to the first stop
	Fill bool       // no operation: the held write goes on to the next stop, or to its end
}

// Window is where in a held write something happens.
type Window int

// The windows. A write with one stop has Before, Invalidated and After.
const (
	Before      Window = iota // the write has not begun
	Invalidated               // the range has been invalidated, and nothing submitted
	Landed                    // the first part has landed, and the invalidation after the IO is to come
	After                     // the write has returned
)

// String says when.
func (w Window) String() string {
	return [...]string{"before it", "between its first invalidation and its submission",
		"after its data had landed and before its second invalidation", "after it"}[w]
}

// window is where event i of the shot lies.
func (s *Shot) window(i int) Window {
	w := Before
	for _, e := range s.Order[:i] {
		if e.Fill || e.Op == s.Held {
			w++
		}
	}
	if int(w) > s.Stops {
		return After
	}
	return w
}

// Text is the shot in a line: what runs in which window.
func (s *Shot) Text(p *prog.Program) string {
	var parts []string
	for i, e := range s.Order {
		switch {
		case e.Fill && s.window(i+1) == After:
			parts = append(parts, "]")
		case e.Fill:
			parts = append(parts, "|")
		case e.Op == s.Held:
			parts = append(parts, opName(p, e.Op)+" [")
		default:
			parts = append(parts, opName(p, e.Op))
		}
	}
	return strings.Join(parts, " ")
}

func opName(p *prog.Program, o exec.OpRef) string {
	return fmt.Sprintf("%s.%d (%s)", p.Tasks[o.Task].Name, o.Op+1, p.Tasks[o.Task].Ops[o.Op].Kind)
}

// MaxShots is how many orders of one program are tried.
const MaxShots = 400

// Shots is the orders of p in which something happens inside of a direct write
// whose memory is anonymous; those with one stop first. False: there are more
// than MaxShots, and those are the first.
func Shots(p *prog.Program) (list []Shot, all bool) {
	for stops := 1; stops <= 2; stops++ {
		for t := range p.Tasks {
			for k := range p.Tasks[t].Ops {
				held := exec.OpRef{Task: t, Op: k}
				if !holdable(p, held) || stops == 2 && !stretchable(p, held) {
					continue
				}
				e := enumeration{p: p, shot: Shot{Held: held, Stops: stops}, room: MaxShots - len(list)}
				e.enumerate(make([]int, len(p.Tasks)), 0)
				list = append(list, e.list...)
			}
		}
	}
	return list, len(list) < MaxShots
}

// holdable reports whether an operation is a direct write from anonymous memory.
func holdable(p *prog.Program, o exec.OpRef) bool {
	op := &p.Tasks[o.Task].Ops[o.Op]
	return op.Kind == prog.WriteDirect && !op.Buf.Mapped && op.Len <= mmu.StopperSize
}

// stretchable reports whether a direct write can go on behind its end: it is
// the last that any operation touches of its file, and inside of the file.
func stretchable(p *prog.Program, o exec.OpRef) bool {
	op := &p.Tasks[o.Task].Ops[o.Op]
	end := op.Off + op.Len
	if (op.Off|op.Len)%prog.PageSize != 0 || end > p.Files[op.File].Size || p.Files[op.File].Size%prog.PageSize != 0 || op.Len > mmu.StopperSize/4 {
		return false
	}
	for t := range p.Tasks {
		for k := range p.Tasks[t].Ops {
			q := &p.Tasks[t].Ops[k]
			if q.File == op.File && (q.Kind == prog.Truncate || q.Off+q.Len > end) || q.Buf.Mapped && q.Buf.File == op.File && q.Buf.Off+q.Len > end {
				return false
			}
		}
	}
	return true
}

// stretched is p with the direct write, and its file, made long enough for the
// write to go to the disk in parts.
func stretched(p *prog.Program, o exec.OpRef) *prog.Program {
	q := *p
	q.Files, q.Tasks = slices.Clone(p.Files), slices.Clone(p.Tasks)
	t := &q.Tasks[o.Task]
	t.Ops = slices.Clone(t.Ops)
	op := &t.Ops[o.Op]
	end := op.Off + mmu.StopperSize
	f := &q.Files[op.File]
	if f.InHole(f.Pages() - 1) {
		f.Holes = append(slices.Clone(f.Holes), prog.Range{Start: f.Pages(), End: end / prog.PageSize})
	}
	op.Len, f.Size = mmu.StopperSize, max(f.Size, end)
	return &q
}

// enumeration makes the shots with one held write.
type enumeration struct {
	p    *prog.Program
	shot Shot
	list []Shot
	room int
}

// enumerate adds all orders that go on from the shot so far. next is what comes
// next of each task, fills how many times the held write has gone on.
func (e *enumeration) enumerate(next []int, fills int) {
	if e.room == 0 {
		return
	}
	begun := next[e.shot.Held.Task] > e.shot.Held.Op
	ended := true
	for t := range next {
		within := t == e.shot.Held.Task && begun && fills < e.shot.Stops
		if next[t] == len(e.p.Tasks[t].Ops) && !within {
			continue
		}
		ended = false
		if within {
			e.with(Event{Fill: true}, next, fills+1)
			continue
		}
		next[t]++
		e.with(Event{Op: exec.OpRef{Task: t, Op: next[t] - 1}}, next, fills)
		next[t]--
	}
	if ended && e.aimed() {
		e.list = append(e.list, Shot{e.shot.Held, e.shot.Stops, slices.Clone(e.shot.Order)})
		e.room--
	}
}

// with goes on with one more event.
func (e *enumeration) with(v Event, next []int, fills int) {
	e.shot.Order = append(e.shot.Order, v)
	e.enumerate(next, fills)
	e.shot.Order = e.shot.Order[:len(e.shot.Order)-1]
}

// aimed reports whether something happens in the window that the last stop
// opens: otherwise the shot is one with fewer stops.
func (e *enumeration) aimed() bool {
	last := Invalidated
	if e.shot.Stops == 2 {
		last = Landed
	}
	for i, v := range e.shot.Order {
		if !v.Fill && v.Op != e.shot.Held && e.shot.window(i) == last {
			return true
		}
	}
	return false
}
