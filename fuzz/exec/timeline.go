package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/diagram"
	"cohbench/fuzz/prog"
)

// Timeline runs p as Run does, and draws the run.
func (r *Runner) Timeline(p *prog.Program, picker sched.Picker) *diagram.Diagram {
	o := &observer{r: r, inner: picker, held: map[int][]sched.Hold{}, opened: map[int32]bool{}, closed: map[int32]bool{}}
	r.tasksEnded = o.end
	defer func() { r.tasksEnded = nil }()
	res := r.Run(p, o)
	o.d.Title = fmt.Sprintf("%s on %s: %s", p.Name, r.world.model.Name(), res.Describe())
	o.d.Notes = append([]string{""}, r.plan.report(res)...)
	o.mark(res)
	o.leaveOut()
	return &o.d
}

// observer is a picker that watches what each step changes.
type observer struct {
	r     *Runner
	inner sched.Picker
	d     diagram.Diagram
	pages []pagePlace // with columns
	names *strings.Replacer
	steps int64
	last  *sched.Thread // who took the last step
	what  [2]uint64     // what it had announced: location and kind

	held           map[int][]sched.Hold
	opened, closed map[int32]bool // operations that have begun, and ended
	ends           []endRow
}

type pagePlace struct {
	file int
	page int64
}

// endRow is the row in which an operation ended.
type endRow struct {
	row int
	id  int32
}

// Pick implements sched.Picker.
func (o *observer) Pick(runnable []*sched.Thread, current *sched.Thread, loc sched.Loc, kind sched.Kind) *sched.Thread {
	if o.d.Tasks == nil {
		o.begin()
	}
	o.look(runnable)
	t := o.inner.Pick(runnable, current, loc, kind)
	if t != nil {
		l, k := t.Pending()
		o.last, o.what = t, [2]uint64{uint64(l), uint64(k)}
	}
	o.steps++
	return t
}

// Touch implements sched.Watcher, for pickers that want to know.
func (o *observer) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	if w, ok := o.inner.(sched.Watcher); ok {
		w.Touch(t, loc, kind)
	}
}

// begin makes the columns.
func (o *observer) begin() {
	l := &o.r.plan
	var pairs []string
	for i := range l.p.Tasks {
		o.d.Tasks = append(o.d.Tasks, l.p.Tasks[i].Name)
		pairs = append(pairs, fmt.Sprintf("mm %d", i), "mm of "+l.p.Tasks[i].Name)
	}
	for i := range l.p.Files {
		name := l.p.Files[i].Name
		pairs = append(pairs, fmt.Sprintf("file %d", i+1), name, fmt.Sprintf("disk %d", i), "disk of "+name)
	}
	o.names = strings.NewReplacer(pairs...)
	for i := range l.cells {
		c := &l.cells[i]
		at := pagePlace{c.file, c.cell * cellSize / prog.PageSize}
		if !slices.Contains(o.pages, at) {
			o.pages = append(o.pages, at)
			name := fmt.Sprintf("%s[%d]", l.p.Files[at.file].Name, at.page)
			o.d.State = append(o.d.State, name+" cache", "disk")
		}
	}
	o.d.First = o.state()
}

// look draws what the last step has changed.
func (o *observer) look(runnable []*sched.Thread) {
	if o.last == nil {
		return
	}
	row := diagram.Row{Step: o.steps - 1, Task: o.last.ID, State: o.state()}
	before := o.before()
	o.operations(&row)
	o.locks(&row)
	o.io(&row)
	o.waits(&row, runnable)
	if len(row.Lines) == 0 && slices.Equal(row.State, before) {
		return
	}
	if len(row.Lines) == 0 {
		row.Lines = []string{"  " + o.does()}
	}
	o.d.Rows = append(o.d.Rows, row)
}

// end draws the last step. A run that was cut short has unwound by now: what is
// left to say is what the thread waited for.
func (o *observer) end(err error) {
	var dead *sched.Deadlock
	if err == nil {
		o.look(nil)
	} else if errors.As(err, &dead) {
		for _, b := range dead.Blocked {
			if b.Thread == o.last {
				row := diagram.Row{Step: o.steps - 1, Task: o.last.ID, State: o.before()}
				row.Lines = []string{"  waits for " + o.hold(b.Wants)}
				o.d.Rows = append(o.d.Rows, row)
			}
		}
	}
}

// before is the state after the last row.
func (o *observer) before() []string {
	if n := len(o.d.Rows); n > 0 {
		return o.d.Rows[n-1].State
	}
	return o.d.First
}

// does says what the last step had announced.
func (o *observer) does() string {
	kind := sched.Kind(o.what[1])
	verb := kind.String() + "s"
	if kind == sched.KindNone {
		verb = "starts"
	}
	return verb + " " + o.locName(sched.Loc(o.what[0]))
}

// locName says what a location is.
func (o *observer) locName(loc sched.Loc) string {
	if loc == sched.LocLocal {
		return "nothing shared"
	}
	if name, ok := o.r.world.nameLoc(loc); ok {
		return o.name(name)
	}
	return fmt.Sprintf("location %#x", uint64(loc))
}

// nameLoc says what a location of the world is, in the model's words.
func (w *world) nameLoc(loc sched.Loc) (string, bool) {
	var namers []interface {
		NameLoc(sched.Loc) (string, bool)
	}
	for i := range w.spaces {
		namers = append(namers, w.spaces[i], w.disks[i])
	}
	for _, mm := range w.mms {
		namers = append(namers, mm)
	}
	for _, fs := range w.fss {
		namers = append(namers, fs)
	}
	for _, n := range namers {
		if name, ok := n.NameLoc(loc); ok {
			return name, true
		}
	}
	return "", false
}

// operations notes those that began or ended.
func (o *observer) operations(row *diagram.Row) {
	l := &o.r.plan
	for i := range l.steps {
		s := &l.steps[i]
		if s.end != 0 && !o.closed[s.id] {
			o.closed[s.id] = true
			row.End = true
			row.Lines = append(row.Lines, l.outcome(s))
			o.ends = append(o.ends, endRow{len(o.d.Rows), s.id})
		}
		if s.start != 0 && !o.opened[s.id] {
			o.opened[s.id] = true
			row.Begin = true
			row.Lines = append(row.Lines, l.p.OpString(s.Op))
		}
	}
}

// outcome says how an operation ended.
func (l *plan) outcome(s *step) string {
	switch {
	case s.err != nil:
		return s.Kind.String() + " fails: " + rootCause(s.err)
	case s.Kind.Reads() && s.mem != nil && s.n >= cellSize:
		v := l.value(place{s.File, s.Off / cellSize}, binary.NativeEndian.Uint64(s.mem))
		return s.Kind.String() + " returns " + l.name(v)
	}
	return s.Kind.String() + " is done"
}

// rootCause is the innermost error.
func rootCause(err error) string {
	for {
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			if x.Unwrap() == nil {
				return err.Error()
			}
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			err = x.Unwrap()[0]
		default:
			return err.Error()
		}
	}
}

// locks notes what the thread took and released.
func (o *observer) locks(row *diagram.Row) {
	now := o.last.Held()
	before := o.held[o.last.ID]
	for _, h := range before {
		if !slices.Contains(now, h) {
			row.Lines = append(row.Lines, "  releases "+o.hold(h))
		}
	}
	for _, h := range now {
		if !slices.Contains(before, h) {
			row.Lines = append(row.Lines, "  takes "+o.hold(h))
		}
	}
	o.held[o.last.ID] = slices.Clone(now)
}

func (o *observer) hold(h sched.Hold) string {
	return fmt.Sprintf("%s (%s)", o.name(h.Object.String()), h.Mode)
}

// pageOf is how the model names a page.
var pageOf = regexp.MustCompile(`\bpage (\d+) of (\w+)`)

// name puts the program's names into one of the model's.
func (o *observer) name(text string) string {
	return pageOf.ReplaceAllString(o.names.Replace(text), "$2[$1]")
}

// io notes a move of data to or from the disk.
func (o *observer) io(row *diagram.Row) {
	if sched.Kind(o.what[1]) == sched.KindSector {
		row.Lines = append(row.Lines, "  moves "+o.locName(sched.Loc(o.what[0])))
	}
}

// waits notes that the thread went to sleep.
func (o *observer) waits(row *diagram.Row, runnable []*sched.Thread) {
	if runnable == nil || slices.Contains(runnable, o.last) {
		return
	}
	if loc, kind := o.last.Pending(); kind == sched.KindLock && !o.done(o.last.ID) {
		row.Lines = append(row.Lines, "  waits for "+o.locName(loc))
	}
}

// done reports whether all operations of a task have ended.
func (o *observer) done(task int) bool {
	steps := o.r.plan.tasks[task]
	return len(steps) == 0 || steps[len(steps)-1].end != 0
}

// state is what the pages with columns hold, in the cache and on the disk.
func (o *observer) state() []string {
	var list []string
	for _, p := range o.pages {
		s := o.r.world.spaces[p.file].Inspect(core.PageIndex(p.page))
		cache := "-"
		if s.Cached {
			cache = "(empty)"
			if s.Uptodate {
				cache = o.contents(p, s.Mem)
			}
			if s.Dirty {
				cache += " dirty"
			}
			if s.Writeback {
				cache += " wb"
			}
		}
		list = append(list, cache, o.contents(p, o.onDisk(p)))
	}
	return list
}

// leaveOut takes away the columns of pages that stay as they were, in the cache
// and on the disk.
func (o *observer) leaveOut() {
	d := &o.d
	for i := len(d.State) - 2; i >= 0; i -= 2 {
		changes := func(r diagram.Row) bool { return !slices.Equal(r.State[i:i+2], d.First[i:i+2]) }
		if slices.ContainsFunc(d.Rows, changes) {
			continue
		}
		d.State, d.First = slices.Delete(d.State, i, i+2), slices.Delete(d.First, i, i+2)
		for j := range d.Rows {
			d.Rows[j].State = slices.Concat(d.Rows[j].State[:i], d.Rows[j].State[i+2:]) // rows may share it
		}
	}
}

// onDisk is the page as the disk has it.
func (o *observer) onDisk(p pagePlace) []byte {
	all := make([]byte, (p.page+1)*prog.PageSize)
	o.r.world.disks[p.file].Copy(all)
	return all[p.page*prog.PageSize:]
}

// contents is the values in a page, each once.
func (o *observer) contents(p pagePlace, mem []byte) string {
	l := &o.r.plan
	var list []string
	for _, c := range l.cellsOf(p.file, p.page*prog.PageSize, prog.PageSize) {
		word := binary.NativeEndian.Uint64(mem[c.cell*cellSize%prog.PageSize:])
		if name := l.name(l.value(c.place, word)); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, "+")
}

// mark points at the rows in which something wrong was read.
func (o *observer) mark(res *Result) {
	for i := range res.Findings {
		f := &res.Findings[i]
		for _, e := range o.ends {
			if f.Task >= 0 && o.r.plan.ref(e.id) == (OpRef{f.Task, f.Op}) && e.row < len(o.d.Rows) && f.Err == nil {
				o.d.Rows[e.row].Mark = o.r.plan.reason(f)
			}
		}
	}
}
