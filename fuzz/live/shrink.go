package live

import (
	"math"
	"slices"
	"strings"

	"cohbench/fuzz"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

// How much is done to make a finding small. All of it is runs of about a
// millisecond.
const (
	shrinkBudget = 2000 // runs for one finding; then it is as small as it is
	heldTries    = 5    // runs of an order, to know how often it shows it
	rateTries    = 300  // runs by chance, to know the same
	rateHits     = 3    // enough of them to tell
	wantHits     = 5    // runs of a smaller program are as many as should give this many
	enoughHits   = 2    // and it is taken if so many come
	maxOrders    = 8    // of a smaller program, if the known one is none of it
	finalShots   = 20   // runs of an order, and by chance, of what is printed
	finalFree    = 300
	finalHangs   = 30 // runs of what does not end by itself
)

// found makes a finding of a bad run.
func (w *worker) found(original *prog.Program, shot *shoot.Shot, class prog.Violation, lines []string) error {
	f := &Finding{Class: class, Original: original, Lines: lines, Runs: w.runs}
	p := original.Clone()
	p.Conds = condition(class)
	s := &shrinker{w: w, shot: shot, left: shrinkBudget}
	again, err := s.rated(p)
	if err != nil {
		return err
	}
	if again {
		p = s.shrink(p)
	}
	if s.err != nil {
		return s.err
	}
	p.Rename()
	if f.Program, f.Report, err = w.search(p); err != nil {
		return err
	}
	w.onModel(f)
	if f.Report.Hit == nil && f.Model != nil {
		if err := w.fromModel(f); err != nil {
			return err
		}
	}
	f.Collision = collision(f.Program, f.Report)
	w.c.say(f)
	return nil
}

// search finds out how often p shows it.
func (w *worker) search(p *prog.Program) (_ *prog.Program, r *shoot.Report, err error) {
	err = w.c.guarded(func() (err error) {
		effort := shoot.Effort{Shots: finalShots, Free: finalFree}
		if p.Seeks()&(prog.Deadlock|prog.Livelock) != 0 {
			effort.Free = finalHangs
		}
		r, err = w.shooter.Search(p, effort)
		return err
	})
	return p, r, err
}

// fromModel tries what the model made of a program that did not show it again.
func (w *worker) fromModel(f *Finding) error {
	p := f.Model.Clone()
	p.Schedule, p.Trace, p.Engine, p.Conds = nil, 0, "", f.Program.Conds
	p, r, err := w.search(p)
	if err == nil && r.Hit != nil {
		f.Program, f.Report = p, r
	}
	return err
}

// onModel puts a small program to the deterministic model.
func (w *worker) onModel(f *Finding) {
	if w.c.cfg.Model == nil || f.Class == prog.EIO {
		return // an EIO that loses nothing is no violation of the model's
	}
	r := exec.New(w.c.cfg.Model)
	defer r.Close()
	f.Asked, f.Model = true, fuzz.Reproduce(r, f.Program, f.Class)
}

// collision is the operations that collide in the run that showed it.
func collision(p *prog.Program, r *shoot.Report) string {
	if r.Hit == nil {
		return "not seen again"
	}
	var list []string
	for _, c := range r.Hit.Collided {
		text := c.With.Kind(p).String() + " beside " + c.Direct.Kind(p).String()
		if c.Sure {
			text = c.With.Kind(p).String() + " in " + c.Direct.Kind(p).String() + ", " + c.Window.String()
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "; ")
}

// shrinker makes a program small that shows a class in some share of its runs.
type shrinker struct {
	w    *worker
	shot *shoot.Shot // nil: it shows it by chance
	rate float64     // by chance
	left int         // runs
	err  error
}

// hit runs p once.
func (s *shrinker) hit(p *prog.Program, shot *shoot.Shot) bool {
	if s.err != nil || s.left <= 0 {
		return false
	}
	s.left--
	out, err := s.w.fire(p, shot)
	if err != nil {
		s.err = err
		return false
	}
	return out.Hit()
}

// rated finds out how often p shows it. False: not again.
func (s *shrinker) rated(p *prog.Program) (bool, error) {
	if s.shot != nil {
		hits := 0
		for range heldTries {
			if s.hit(p, s.shot) {
				hits++
			}
		}
		if hits > heldTries/2 {
			return true, s.err
		}
		s.shot = nil // what was held is not what matters
	}
	hits, tries := 0, 0
	for hits < rateHits && tries < rateTries {
		tries++
		if s.hit(p, nil) {
			hits++
		}
	}
	s.rate = float64(hits) / float64(tries)
	return hits > 0, s.err
}

// shrink makes p small.
func (s *shrinker) shrink(p *prog.Program) *prog.Program {
	if s.shot != nil {
		p = s.thin(p)
	}
	return prog.Minimise(p, s.keep)
}

// thin takes operations out of a program and its order at once.
func (s *shrinker) thin(p *prog.Program) *prog.Program {
	for t := range p.Tasks {
		for i := len(p.Tasks[t].Ops) - 1; i >= 0; i-- {
			o := exec.OpRef{Task: t, Op: i}
			if o == s.shot.Held {
				continue
			}
			q, shot := p.Clone(), s.shot.Without(o)
			q.Tasks[t].Ops = slices.Delete(q.Tasks[t].Ops, i, i+1)
			if s.sure(q, shot) {
				p, s.shot = q, shot
			}
		}
	}
	return p
}

// sure reports whether an order shows it at once, and once more in two tries.
func (s *shrinker) sure(p *prog.Program, shot *shoot.Shot) bool {
	if !s.hit(p, shot) {
		return false
	}
	for range 2 {
		if s.hit(p, shot) {
			return true
		}
	}
	return false
}

// keep reports whether p shows it, about as often as what it was made of.
func (s *shrinker) keep(p *prog.Program) bool {
	if s.shot != nil {
		return s.held(p)
	}
	return s.often(p)
}

// held finds p an order that shows it.
func (s *shrinker) held(p *prog.Program) bool {
	if s.shot.Fits(p) {
		return s.sure(p, s.shot)
	}
	shots, _ := shoot.Shots(p)
	for i := range shots[:min(len(shots), maxOrders)] {
		if s.sure(p, &shots[i]) {
			s.shot = &shots[i]
			return true
		}
	}
	return false
}

// often reports whether p shows it by chance in so many runs as are to be
// expected.
func (s *shrinker) often(p *prog.Program) bool {
	hits := 0
	for n := 1; n <= int(math.Ceil(wantHits/s.rate)); n++ {
		if !s.hit(p, nil) {
			continue
		}
		if hits++; hits == enoughHits {
			s.rate = max(s.rate, min(1, float64(hits)/float64(n+1)))
			return true
		}
	}
	return false
}
