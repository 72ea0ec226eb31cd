package exec

import (
	"fmt"
	"slices"
	"strings"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// Contended is a wait that others made long.
type Contended struct {
	Kind   prog.Violation // Starved or Convoy
	Waiter string
	Wants  sched.Hold
	Ahead  []string   // Starved: who joined the other side meanwhile, in order
	Holder string     // Convoy
	Slept  sched.Hold // Convoy: what the holder slept for
}

func (c *Contended) String() string {
	if c.Kind == prog.Starved {
		return fmt.Sprintf("starved: %s sleeps for %s while these join who has it: %s", c.Waiter, c.Wants, strings.Join(c.Ahead, ", "))
	}
	return fmt.Sprintf("convoy: %s sleeps for %s, which %s holds while it sleeps for %s", c.Waiter, c.Wants, c.Holder, c.Slept)
}

// contention is a picker that does as another one, and watches who waits for
// whom.
//
// What it finds must not depend on the order of steps that commute. So it goes
// by steps at the location of the lock in question, and by what one thread does
// in its own order: a thread falls asleep for a lock, takes it and is woken in
// steps there, and it has let go of it when it takes the step that it announced
// as an unlock there; the list of its holds is shorter before.
type contention struct {
	inner   sched.Picker
	limit   int
	threads [prog.MaxTasks]contender
	list    []*sched.Thread // those who were ever picked
	last    *sched.Thread   // who took the last step
	loc     sched.Loc       // what it had announced
	kind    sched.Kind
	found   []Contended
}

// contender is what is known of one thread.
type contender struct {
	asleep bool
	wants  sched.Hold
	ahead  []string // who joined the other side since it fell asleep
	locks  []lockHold
}

// lockHold is an inode lock or a pagecache lock that a thread has.
type lockHold struct {
	sched.Hold
	n      int // times
	listed int // of which are in the thread's list of holds
	slept  bool
	on     sched.Hold // slept: for what the thread did so meanwhile
}

func (c *contention) reset(p *prog.Program, inner sched.Picker) {
	c.inner, c.last, c.list, c.found = inner, nil, c.list[:0], c.found[:0]
	if c.limit = p.Options.StarveAfter; c.limit == 0 {
		c.limit = prog.DefaultStarveAfter
	}
	for i := range c.threads {
		s := &c.threads[i]
		s.asleep, s.ahead, s.locks = false, s.ahead[:0], s.locks[:0]
	}
}

// report adds to a result what the program looks for.
func (c *contention) report(l *plan, r *Result) {
	if l.sought == 0 {
		return
	}
	for _, f := range c.found {
		if f.Kind&l.sought != 0 && f.Kind&r.Found == 0 {
			r.Found |= f.Kind
			r.Contended = append(r.Contended, f)
		}
	}
}

// Pick implements sched.Picker.
func (c *contention) Pick(runnable []*sched.Thread, current *sched.Thread, loc sched.Loc, kind sched.Kind) *sched.Thread {
	if c.last != nil {
		c.look(c.last, &c.threads[c.last.ID])
	}
	t := c.inner.Pick(runnable, current, loc, kind)
	if c.last = t; t != nil {
		c.loc, c.kind = t.Pending()
	}
	return t
}

// Touch implements sched.Watcher, for pickers that want to know.
func (c *contention) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	if w, ok := c.inner.(sched.Watcher); ok {
		w.Touch(t, loc, kind)
	}
}

// look notes what the last step has changed.
func (c *contention) look(t *sched.Thread, s *contender) {
	for _, o := range c.list {
		if _, asleep := o.Sleeps(); !asleep {
			c.threads[o.ID].asleep = false
		}
	}
	if !slices.Contains(c.list, t) {
		c.list = append(c.list, t)
	}
	c.unlocked(s)
	c.taken(t, s)
	if wants, asleep := t.Sleeps(); asleep && !s.asleep {
		c.slept(t, s, wants)
	}
}

// unlocked takes note of a lock that the last step has released.
func (c *contention) unlocked(s *contender) {
	for i := range s.locks {
		h := &s.locks[i]
		if c.kind != sched.KindUnlock || h.Object.Loc() != c.loc || h.n == h.listed {
			continue
		}
		if h.n--; h.n == 0 {
			s.locks = slices.Delete(s.locks, i, i+1)
		}
		return
	}
}

// taken takes note of the locks that the last step has taken, and of those that
// are about to be released.
func (c *contention) taken(t *sched.Thread, s *contender) {
	for i := range s.locks {
		s.locks[i].listed = 0
	}
	for _, h := range t.Held() {
		sort := core.SortLoc(h.Object.Loc())
		if !sort.InodeLock() && !sort.PagecacheLock() {
			continue
		}
		i := slices.IndexFunc(s.locks, func(o lockHold) bool { return o.Object == h.Object })
		if i < 0 {
			i = len(s.locks)
			s.locks = append(s.locks, lockHold{Hold: h})
			if sort.PagecacheLock() {
				c.joined(t, h)
			}
		}
		l := &s.locks[i]
		l.listed++
		l.n = max(l.n, l.listed)
	}
}

// joined is called when a thread has taken a pagecache lock of which it had
// nothing before. If somebody else has the same side of it, it was not free,
// and who sleeps for the other side could not have had it instead.
func (c *contention) joined(t *sched.Thread, h sched.Hold) {
	if !slices.ContainsFunc(c.list, func(o *sched.Thread) bool { return o != t && c.threads[o.ID].has(h.Object) }) {
		return
	}
	for _, o := range c.list {
		w := &c.threads[o.ID]
		if !w.asleep || w.wants.Object != h.Object || side(h) == side(w.wants) {
			continue
		}
		if w.ahead = append(w.ahead, t.Name); len(w.ahead) == c.limit {
			c.found = append(c.found, Contended{Kind: prog.Starved, Waiter: o.Name, Wants: w.wants, Ahead: slices.Clone(w.ahead)})
		}
	}
}

func (s *contender) has(o *sched.Object) bool {
	return slices.ContainsFunc(s.locks, func(h lockHold) bool { return h.Object == o })
}

// side is the side of a pagecache lock: that of blockers, or of adders.
func side(h sched.Hold) bool { return h.Mode == sched.Block || h.Mode == sched.Exclusive }

// slept is called when a thread has fallen asleep.
func (c *contention) slept(t *sched.Thread, s *contender, wants sched.Hold) {
	s.asleep, s.wants, s.ahead = true, wants, s.ahead[:0]
	if wants.Mode == sched.Drain { // for IO, and no lock
		return
	}
	for i := range s.locks {
		s.locks[i].slept, s.locks[i].on = true, wants
	}
	for _, o := range c.list {
		if o != t {
			c.convoy(o, t)
			c.convoy(t, o)
		}
	}
}

// convoy looks whether a thread sleeps for an inode lock which another has, and
// has slept with.
func (c *contention) convoy(waiter, holder *sched.Thread) {
	w := &c.threads[waiter.ID]
	for _, h := range c.threads[holder.ID].locks {
		if w.asleep && h.slept && w.wants.Object == h.Object && core.SortLoc(h.Object.Loc()).InodeLock() && sched.Conflict(h.Mode, w.wants.Mode) {
			c.found = append(c.found, Contended{Kind: prog.Convoy, Waiter: waiter.Name, Wants: w.wants, Holder: holder.Name, Slept: h.on})
		}
	}
}
