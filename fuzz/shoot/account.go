package shoot

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Account says what happened in a run: which operations collided, in which
// window, and what an application could have known.
type Account struct {
	Shot     *Shot // nil: by chance, or in another order than was wanted
	Outcome  string
	Findings []string
	Collided []Collision
	// Told is what fsync(2) said: of a loss, "EIO" if any did, "success" if all
	// were content.
	Told string
}

// Collision is an operation that changed or used the cache in a window of a
// direct write to the same pages.
type Collision struct {
	Direct, With exec.OpRef
	Window       Window
	Sure         bool // else only that the two were under way at once is known
}

// account makes the account of a run. Preconditions: it is the last run.
func account(p *prog.Program, out *Outcome, shot *Shot) *Account {
	if !out.Happened {
		shot = nil
	}
	return &Account{Shot: shot, Outcome: out.Describe(), Findings: out.Report(), Told: told(out.Result), Collided: out.Collided(p, shot)}
}

// Collided is the operations that met in a run of p: in the windows of the
// direct write that the shot held, or, if there was none or another order came
// about, at the same time as a direct write. Preconditions: it is the last run.
func (o *Outcome) Collided(p *prog.Program, shot *Shot) []Collision {
	if shot == nil || !o.Happened {
		return overlaps(p, o.Result)
	}
	return shot.collisions(p)
}

// told is what an application that syncs learns.
func told(r *exec.Result) string {
	for i := range r.Findings {
		if errors.Is(r.Findings[i].Err, core.ErrIO) {
			return "EIO"
		}
	}
	return "success"
}

// collisions is what ran in the windows of the held write, on its pages.
func (s *Shot) collisions(p *prog.Program) (list []Collision) {
	for i, e := range s.Order {
		w := s.window(i)
		if !e.Fill && e.Op != s.Held && w != Before && w != After && together(p, s.Held, e.Op) {
			list = append(list, Collision{s.Held, e.Op, w, true})
		}
	}
	return list
}

// overlaps is what was under way together with a direct write to its pages.
func overlaps(p *prog.Program, r *exec.Result) (list []Collision) {
	for t := range p.Tasks {
		for k := range p.Tasks[t].Ops {
			o := exec.OpRef{Task: t, Op: k}
			if p.Tasks[t].Ops[k].Kind != prog.WriteDirect {
				continue
			}
			for _, with := range r.Beside(o) {
				if together(p, o, with) {
					list = append(list, Collision{Direct: o, With: with})
				}
			}
		}
	}
	return list
}

// together reports whether two operations touch a page in common. One without
// a range is about the whole file.
func together(p *prog.Program, a, b exec.OpRef) bool {
	for _, x := range touched(&p.Tasks[a.Task].Ops[a.Op]) {
		for _, y := range touched(&p.Tasks[b.Task].Ops[b.Op]) {
			if x.file == y.file && x.from < y.to && y.from < x.to {
				return true
			}
		}
	}
	return false
}

// extent is pages [from, to) of a file.
type extent struct {
	file     int
	from, to int64
}

// touched is what an operation is about.
func touched(o *prog.Op) []extent {
	const end = prog.MaxPages * 2
	list := []extent{pages(o.File, o.Off, o.Len)}
	if o.Len == 0 {
		list[0] = extent{o.File, 0, end}
	}
	if o.Kind == prog.Truncate {
		list[0] = extent{o.File, o.Len / prog.PageSize, end}
	}
	if o.Buf.Mapped {
		list = append(list, pages(o.Buf.File, o.Buf.Off, o.Len))
	}
	return list
}

func pages(file int, off, n int64) extent {
	return extent{file, off / prog.PageSize, (off + n + prog.PageSize - 1) / prog.PageSize}
}

// Text is the account in lines.
func (a *Account) Text(p *prog.Program) []string {
	var lines []string
	if a.Shot != nil {
		lines = append(lines, "in the order "+a.Shot.Text(p))
	}
	for _, c := range a.Collided {
		with, direct := opName(p, c.With), opName(p, c.Direct)
		if c.Sure {
			lines = append(lines, fmt.Sprintf("%s ran inside of %s, %s", with, direct, c.Window))
		} else {
			lines = append(lines, fmt.Sprintf("%s and %s were under way at the same time", with, direct))
		}
	}
	lines = append(lines, a.Findings...)
	return append(lines, "fsync said "+a.Told)
}
