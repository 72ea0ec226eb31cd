package exec

import (
	"fmt"
	"strings"

	"cohbench/fuzz/prog"
)

// Report is what the run found, a line each, in words. It is to be asked before
// the next run.
func (r *Result) Report() []string { return r.plan.report(r) }

func (l *plan) report(r *Result) []string {
	var list []string
	for i := range r.Findings {
		list = append(list, l.finding(&r.Findings[i]))
	}
	switch {
	case r.Deadlock != nil:
		list = append(list, strings.Split(l.files(r.Deadlock.String()), "\n")...)
	case r.Livelock != nil:
		list = append(list, strings.Split(l.files(r.spins()), "\n")...)
	case r.Found&prog.Livelock != 0:
		list = append(list, "nothing moves, and the wait-for graph has no cycle")
	case r.Panic != nil:
		list = append(list, r.Panic.Error())
	case r.Err != nil:
		list = append(list, r.Err.Error())
	}
	for i := range r.Contended {
		list = append(list, l.files(r.Contended[i].String()))
	}
	return list
}

// spins is the livelock, with the names of what is spun on.
func (r *Result) spins() string {
	text := r.Livelock.String()
	for _, s := range r.Livelock.Spinning {
		if name, ok := r.world.nameLoc(s.Loc); ok {
			text = strings.ReplaceAll(text, fmt.Sprintf("%#x", uint64(s.Loc)), name)
		}
	}
	return text
}

// finding is one line.
func (l *plan) finding(f *Finding) string {
	where := l.cellName(place{f.File, f.Off / cellSize})
	switch {
	case f.Err != nil && f.Task < 0:
		return fmt.Sprintf("%s: the sync of %s at the end says so", f.Kind, l.p.Files[f.File].Name)
	case f.Err != nil:
		return fmt.Sprintf("%s: %s", f.Kind, l.opName(OpRef{f.Task, f.Op}))
	case f.Kind == prog.Incoherent:
		return fmt.Sprintf("%s: direct, buffered and mapped reads of %s differ at the end", f.Kind, where)
	case f.Kind == prog.Length && f.Task < 0:
		return fmt.Sprintf("%s: %s is of %d bytes at the end, which nobody has made it", f.Kind, l.p.Files[f.File].Name, f.Off)
	case f.Kind == prog.Length:
		s := &l.tasks[f.Task][f.Op]
		return fmt.Sprintf("%s: %s moved %d bytes of %d, and said nothing", f.Kind, l.opName(OpRef{f.Task, f.Op}), s.n, s.Len)
	case f.Task < 0:
		return fmt.Sprintf("%s: %s holds at the end %s", f.Kind, where, l.wrote(f))
	}
	return fmt.Sprintf("%s: %s returned for %s %s", f.Kind, l.opName(OpRef{f.Task, f.Op}), where, l.wrote(f))
}

// wrote says what was seen, and what was missed.
func (l *plan) wrote(f *Finding) string {
	s := "what it held before"
	if f.Wrote.Task >= 0 {
		s = "what " + l.opName(f.Wrote) + " wrote"
	}
	if f.Kind&(prog.Torn|prog.Nowhere) != 0 {
		s = "what nobody wrote there"
	}
	if f.Missed.Task >= 0 {
		s += ", and not what " + l.opName(f.Missed) + " did"
	}
	return s
}

// reason is a finding for the read that made it.
func (l *plan) reason(f *Finding) string {
	s := f.Kind.String()
	if f.Missed.Task >= 0 {
		s += ": misses " + l.opName(f.Missed)
	}
	return s
}

func (l *plan) opName(o OpRef) string {
	return fmt.Sprintf("%s.%d (%s)", l.p.Tasks[o.Task].Name, o.Op+1, l.p.Tasks[o.Task].Ops[o.Op].Kind)
}

// files puts the names of the program's files for their numbers.
func (l *plan) files(text string) string {
	for i := range l.p.Files {
		text = strings.ReplaceAll(text, fmt.Sprintf("file %d", i+1), l.p.Files[i].Name)
	}
	return text
}
