package exec

import (
	"encoding/binary"
	"errors"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/history"
	"cohbench/fuzz/prog"
)

// judge holds every cell's whole history of a run against the rule that each
// read returns what the last write before it wrote.
type judge struct {
	check history.Checker
	ops   []history.Op
	plan  *plan
	res   *Result
	final int64  // tick of the reads at the end
	files *files // whose lengths are judged; nil: they are not
}

// IDs of what is no operation of the program, in histories.
const (
	idFinal = -2 - iota // read at the end
	idInit
	idOlder
)

// judge fills in what a run found. ended says that all tasks came to their end,
// so that the files' last contents are known.
func (j *judge) judge(l *plan, r *Result, ended bool) {
	j.plan, j.res = l, r
	j.final = 0
	for i := range l.steps {
		j.final = max(j.final, l.steps[i].start, l.steps[i].end)
		j.noteError(&l.steps[i])
	}
	j.final++
	for i := range l.cells {
		j.cell(&l.cells[i])
	}
	if r.Found&prog.Lost != 0 && r.Found&prog.EIO == 0 {
		j.silence()
	}
	if j.files != nil {
		j.lengths(ended)
	}
	j.registers()
	r.holds = r.wanted(l.p)
	r.key = j.key()<<violationBits | uint64(r.Found)
}

// silence makes every loss a silent one.
func (j *judge) silence() {
	j.res.Found |= prog.SilentLost
	for i := range j.res.Findings {
		if f := &j.res.Findings[i]; f.Kind == prog.Lost {
			f.Kind = prog.SilentLost
		}
	}
}

// noteError makes findings of the errors that mean something.
func (j *judge) noteError(s *step) {
	kind := prog.Violation(0)
	switch {
	case s.err == nil, errors.Is(s.err, sched.ErrCanceled): // cut short says nothing
		return
	case errors.Is(s.err, core.ErrFault):
		kind = prog.EFAULT
	case errors.Is(s.err, core.ErrIO):
		kind = prog.EIO
	case errors.Is(s.err, errors.ErrUnsupported):
		j.res.Err = s.err
		return
	default:
		return
	}
	f := Finding{Kind: kind, File: s.File, Off: s.Off, Wrote: nobody, Missed: nobody, Err: s.err}
	f.Task, f.Op = j.plan.ref(s.id).Task, j.plan.ref(s.id).Op
	j.res.add(f)
}

// cell judges one cell.
func (j *judge) cell(c *cell) {
	j.ops = j.ops[:0]
	if c.older != c.init {
		j.write(-4, -3, j.own(c, c.older), idOlder)
	}
	j.write(-2, -1, j.own(c, c.init), idInit)
	quiet := true
	for i := range j.plan.steps {
		if s := &j.plan.steps[i]; s.start != 0 {
			quiet = !j.effects(c, s) && quiet
		}
	}
	for i := range j.plan.steps {
		s := &j.plan.steps[i]
		if s.start != 0 && s.end != 0 && s.Kind.Reads() && !s.Buf.Mapped && s.File == c.file && s.covers(c.cell, s.n) {
			word := binary.NativeEndian.Uint64(s.mem[c.cell*cellSize-s.Off:])
			quiet = j.read(c, word, s.start, s.end, s.id) && quiet
		}
	}
	seen := len(j.ops)
	if c.exists {
		quiet = j.read(c, c.final, j.final, j.final+1, idFinal) && quiet
	}
	if quiet {
		return // nobody wrote, and everybody saw what was there
	}
	j.inOrder(c, seen)
}

// inOrder judges the whole history of a cell; and if it is the file's last
// contents that are out of order, once more what the tasks saw, the first seen
// operations, by itself: of all reads that contradict a write only the latest
// is named.
func (j *judge) inOrder(c *cell, seen int) {
	atEnd := false
	for _, v := range j.check.Check(j.ops) {
		j.violation(c, v)
		atEnd = atEnd || v.Read == idFinal
	}
	if !atEnd {
		return
	}
	for _, v := range j.check.Check(j.ops[:seen]) {
		j.violation(c, v)
	}
}

func (j *judge) write(start, end int64, value uint64, id int32) {
	j.ops = append(j.ops, history.Op{Start: start, End: end, Value: value, Write: true, ID: id})
}

// read adds a read, and reports whether it saw what the cell held before.
func (j *judge) read(c *cell, word uint64, start, end int64, id int32) bool {
	value, ok := j.plan.resolve(c.place, word)
	if ok {
		j.ops = append(j.ops, history.Op{Start: start, End: end, Value: value, ID: id})
	}
	return word == c.init
}

// own is the value of a word that belongs to its cell.
func (j *judge) own(c *cell, word uint64) uint64 {
	if word == 0 {
		return valueZero
	}
	_, w, _ := origin(word)
	return ownValue(w)
}

// effects adds the writes of an operation to a cell, and reports whether there
// are any.
func (j *judge) effects(c *cell, s *step) bool {
	e := j.plan.effect(s, c.place)
	if e == (effect{}) {
		return false
	}
	o := history.Op{Start: s.start, End: s.end, Write: true, ID: s.id}
	if !s.done(e.at) {
		o.End, o.Maybe = history.Open, true
	}
	o.Maybe = o.Maybe || e.maybe || e.data && e.zero
	if e.data {
		o.Value = e.value
		j.ops = append(j.ops, o)
	}
	if e.zero {
		o.Value = valueZero
		j.ops = append(j.ops, o)
	}
	return true
}

// done reports whether the operation has certainly had its effect on the byte
// number at of its range.
func (s *step) done(at int64) bool { return s.end != 0 && (s.err == nil || at < s.n) }

// violation makes a finding of what the checker found in a cell's history.
func (j *judge) violation(c *cell, v history.Violation) {
	l := j.plan
	f := Finding{File: c.file, Off: c.cell * cellSize, Task: -1, Wrote: l.ref(v.Wrote), Missed: l.ref(v.Missed)}
	start, word := j.final, c.final
	if v.Read >= 0 {
		s := &l.steps[v.Read]
		f.Task, f.Op = l.ref(v.Read).Task, l.ref(v.Read).Op
		start, word = s.start, binary.NativeEndian.Uint64(s.mem[f.Off-s.Off:])
	}
	inFlight := v.Missed >= 0 && (l.steps[v.Missed].end == 0 || l.steps[v.Missed].end > start)
	switch v.Kind {
	case history.Nowhere, history.Early:
		f.Kind = prog.Nowhere
		if _, _, ok := origin(word); !ok && word != 0 {
			f.Kind = prog.Torn
		}
	case history.Stale:
		f.Kind = prog.Stale
		if v.Read == idFinal {
			f.Kind = prog.Lost
		}
	case history.Inverted:
		f.Kind = prog.Inverted
	default:
		f.Kind = prog.Flipped
	}
	if inFlight && f.Kind&(prog.Inverted|prog.Flipped) != 0 {
		f.Kind = prog.InFlight
	}
	j.res.add(f)
}

// registers fills in what the registers hold.
func (j *judge) registers() {
	l := j.plan
	for range l.regs {
		j.res.Regs = append(j.res.Regs, Value{})
	}
	for i := range l.steps {
		if s := &l.steps[i]; s.reg >= 0 && s.mem != nil && s.end != 0 && s.n >= cellSize {
			j.res.Regs[s.reg] = l.value(place{s.File, s.Off / cellSize}, binary.NativeEndian.Uint64(s.mem))
		}
	}
}

// violationBits is how many bits of a key say what was found.
const violationBits = 20

// Violations is what a run with that key found.
func Violations(key uint64) prog.Violation { return prog.Violation(key & (1<<violationBits - 1)) }

// key mixes all that makes up the outcome.
func (j *judge) key() uint64 {
	k := mix(0, uint64(j.res.Found))
	for _, v := range j.res.Regs {
		k = mix(k, v.hash())
	}
	for i := range j.plan.cells {
		if c := &j.plan.cells[i]; c.exists {
			k = mix(k, c.final)
		}
	}
	for i := range j.plan.steps {
		if s := &j.plan.steps[i]; s.err != nil {
			k = mix(k, uint64(i)<<32|uint64(s.n))
		}
	}
	return k
}

// mix adds x to a hash: the finalizer of splitmix64 (Steele, Lea and Flood,
// OOPSLA 2014).
func mix(h, x uint64) uint64 {
	h += x + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (v Value) hash() uint64 {
	h := uint64(v.Kind)<<32 | uint64(v.Wrote.Task)<<16 | uint64(v.Wrote.Op)
	if v.Kind == ValueStrange {
		h = mix(h, v.Word)
	}
	return h
}

// nobody is an OpRef to no operation.
var nobody = OpRef{-1, 0}

// ref names an operation by its number; those that are no operation have none.
func (l *plan) ref(id int32) OpRef {
	if id < 0 {
		return nobody
	}
	task := l.steps[id].task
	return OpRef{task, int(id - l.tasks[task][0].id)}
}

// add keeps a finding, one for each kind, reader and missed operation.
func (r *Result) add(f Finding) {
	r.Found |= f.Kind
	for i := range r.Findings {
		if g := &r.Findings[i]; g.Kind == f.Kind && g.Task == f.Task && g.Op == f.Op && g.Missed == f.Missed && g.File == f.File {
			return
		}
	}
	r.Findings = append(r.Findings, f)
}
