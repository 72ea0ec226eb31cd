package exec

import "cohbench/fuzz/prog"

// lengths holds what operations have moved, and how long the files are at the
// end if ended is set, against what is possible whatever overlapped. It is for
// the model, where nobody moves less than he was asked for without saying why.
func (j *judge) lengths(ended bool) {
	for i := range j.plan.steps {
		s := &j.plan.steps[i]
		if s.end != 0 && s.err == nil && s.n < j.least(s) {
			f := Finding{Kind: prog.Length, File: s.File, Off: s.Off, Wrote: nobody, Missed: nobody}
			f.Task, f.Op = j.plan.ref(s.id).Task, j.plan.ref(s.id).Op
			j.res.add(f)
		}
	}
	for f := range j.plan.p.Files {
		if !ended {
			break
		}
		least, most := j.lengthsOf(f)
		if n := j.files.open[f].Size(); n < least || n > most {
			j.res.add(Finding{Kind: prog.Length, Task: -1, File: f, Off: n, Wrote: nobody, Missed: nobody})
		}
	}
}

// least is how many bytes an operation that succeeds moves at the least: a read
// all that certainly lies before the end.
func (j *judge) least(s *step) int64 {
	switch {
	case s.Kind.Writes() && s.Kind.Moves():
		return s.Len
	case s.Kind.Reads():
		return min(s.Len, j.plan.floor[s.File]*cellSize-s.Off)
	}
	return 0
}

// reach is the length that an operation gives its file: at the least if it
// writes, and exactly if it truncates. False: it gives none.
func (s *step) reach(f int) (n int64, ok bool) {
	switch s.Kind {
	case prog.Truncate:
		return s.Len, s.File == f
	case prog.Write, prog.WriteDirect, prog.Reflink:
		return s.Off + s.Len, s.File == f
	}
	return 0, false
}

// cut reports whether a truncation of file f may have cut off what was given it
// up to n bytes in [start, end]; or, if sure is set, whether one certainly has.
func (j *judge) cut(f int, n, start, end int64, sure bool) bool {
	for i := range j.plan.steps {
		t := &j.plan.steps[i]
		if t.Kind != prog.Truncate || t.File != f || t.Len >= n || t.start == 0 {
			continue
		}
		if !sure && t.ended() > start || sure && t.end != 0 && t.err == nil && t.start > end {
			return true
		}
	}
	return false
}

// lengthsOf is between which lengths file f is at the end: not shorter than what
// it has certainly been given and nobody can have taken away, nor longer than
// what it may have been given and nobody has certainly taken away.
func (j *judge) lengthsOf(f int) (least, most int64) {
	n := j.plan.p.Files[f].Size
	if !j.cut(f, n, 0, 0, false) {
		least = n
	}
	if !j.cut(f, n, 0, 0, true) {
		most = n
	}
	for i := range j.plan.steps {
		s := &j.plan.steps[i]
		n, ok := s.reach(f)
		if !ok || s.start == 0 {
			continue
		}
		if n > least && s.end != 0 && s.err == nil && !j.cut(f, n, s.start, s.end, false) {
			least = n
		}
		if n > most && !j.cut(f, n, s.start, s.ended(), true) {
			most = n
		}
	}
	return least, most
}
