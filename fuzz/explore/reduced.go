package explore

import (
	"context"
	"math/bits"

	"cohbench/core/sched"
)

// state is where an unbounded search stands before a step.
type state struct {
	ids       uint16                // who can take it
	usual     int8                  // who does without a switch
	stops     bool                  // another choice than usual is a preemption
	asleep    uint16                // threads that were tried here, or earlier where it was the same
	backtrack uint16                // threads to be tried
	feet      [MaxThreads]footprint // what the next steps of those asleep touch
}

// reduced is the picker of an unbounded search. Of schedules which differ by
// the order of steps that commute it tries one, as far as it can tell
// beforehand, and gives up others when it can.
type reduced struct {
	execution
	states []state
	given  int               // so many steps are given: all but the last are those of the execution
	choice int8              // who takes the last of these
	at     int               // the next step
	woken  [MaxThreads]int32 // the step that made it runnable, or -1
	ids    uint16            // who could take the step before
	pruned bool
}

// begin prepares for one schedule.
func (r *reduced) begin() {
	r.truncate(max(r.given-1, 0))
	r.at, r.ids, r.pruned = 0, 0, false
	for i := range r.woken {
		r.woken[i] = -1
	}
}

// Pick implements sched.Picker.
func (r *reduced) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	k := r.at
	r.at++
	r.notice(runnable, k-1)
	id, ok := int8(0), true
	switch {
	case k < r.given-1:
		id = r.thread[k]
		r.woken[id] = -1
		return among(runnable, int(id))
	case k == r.given-1:
		id = r.choice
	default:
		if id, ok = r.enter(k, runnable, current); !ok {
			r.pruned = true
			return nil
		}
	}
	t := among(runnable, int(id))
	r.add(t.ID, pending(t), r.woken[id])
	r.woken[id] = -1
	return t
}

// notice notes who became runnable by the last step. Who spins became so by
// any step at all, and its own next step says that.
func (r *reduced) notice(runnable []*sched.Thread, last int) {
	ids := idsOf(runnable)
	if fresh := ids &^ r.ids; fresh != 0 && last >= 0 {
		for _, t := range runnable {
			if fresh>>t.ID&1 != 0 && pending(t).kind != sched.KindSpin {
				r.woken[t.ID] = int32(last)
			}
		}
	}
	r.ids = ids
}

// enter makes state k, which is new, and chooses who goes on; nobody if what
// could follow is known.
func (r *reduced) enter(k int, runnable []*sched.Thread, current *sched.Thread) (int8, bool) {
	if k == len(r.states) {
		r.states = append(r.states, state{})
	}
	s := &r.states[k]
	s.ids, s.stops, s.asleep, s.backtrack = r.ids, current != nil, 0, 0
	if s.usual = int8(runnable[0].ID); current != nil {
		s.usual = int8(current.ID)
	}
	if k > 0 {
		s.inherit(&r.states[k-1], r.thread[k-1], &r.foot[k-1])
	}
	free := s.ids &^ s.asleep
	if free == 0 {
		return 0, false
	}
	id := s.usual
	if free>>id&1 == 0 {
		id = int8(bits.TrailingZeros16(free))
	}
	s.backtrack = 1 << id
	return id, true
}

// inherit lets those sleep on who slept before the last step, and whose own
// step commutes with it.
func (s *state) inherit(before *state, thread int8, foot *footprint) {
	for ids := before.asleep &^ (1 << thread); ids != 0; ids &= ids - 1 {
		q := bits.TrailingZeros16(ids)
		if f := &before.feet[q]; !f.conflicts(foot) {
			s.asleep |= 1 << q
			s.feet[q].set(f)
		}
	}
}

// Touch implements sched.Watcher.
func (r *reduced) Touch(t *sched.Thread, loc sched.Loc, kind sched.Kind) {
	if r.at == r.n && r.n > 0 && int(r.thread[r.n-1]) == t.ID && r.sealed < r.n {
		f := &r.foot[r.n-1]
		f.more = append(f.more, access{loc, kind})
	}
}

// race makes the search try step j before step i.
func (r *reduced) race(i, j int) {
	ids, first := r.initials(i, j)
	s := &r.states[i]
	if s.backtrack&ids != 0 {
		return
	}
	if ids>>r.thread[j]&1 != 0 {
		first = r.thread[j]
	}
	if s.ids>>first&1 == 0 { // it spins, and waits for any step of another
		s.backtrack |= s.ids
		return
	}
	s.backtrack |= 1 << first
}

// backtrack prepares for the next schedule, or returns false after the last.
func (r *reduced) backtrack() bool {
	r.seal(r.race)
	for k := r.n - 1; k >= 0; k-- {
		s, t := &r.states[k], r.thread[k]
		s.asleep |= 1 << t
		s.feet[t].set(&r.foot[k])
		if todo := s.backtrack &^ s.asleep; todo != 0 {
			r.given, r.choice = k+1, int8(bits.TrailingZeros16(todo))
			return true
		}
	}
	return false
}

// part is how much of the tree of schedules is behind the search, as far as the
// tree is known: each branch of a state counts the same. Preconditions:
// backtrack has returned true.
func (r *reduced) part() (done float64) {
	weight := 1.0
	for k := range r.given {
		s, now := &r.states[k], uint16(1)<<r.choice
		if k < r.given-1 {
			now = 1 << r.thread[k]
		}
		branches := s.backtrack | now
		tried := bits.OnesCount16(branches & s.asleep &^ now)
		n := float64(bits.OnesCount16(branches))
		done += weight * float64(tried) / n
		weight /= n
	}
	return done
}

// preemptions counts those of the schedule just played.
func (r *reduced) preemptions() (n int) {
	for k := range r.n {
		if s := &r.states[k]; s.stops && s.usual != r.thread[k] {
			n++
		}
	}
	return n
}

// witness adds the switches of the schedule just played.
func (r *reduced) witness(w *Witness) {
	last := -1
	for k := range r.n {
		if t := r.thread[k]; t != r.states[k].usual {
			w.Switches = append(w.Switches, sched.Switch{After: int64(k - last - 1), To: int(t)})
			last = k
		}
	}
}

// searchAll plays every schedule that matters.
func searchAll(ctx context.Context, cfg Config) *Report {
	subject := cfg.New()
	defer closeSubject(subject)
	r, t := &reduced{}, &tally{}
	for {
		r.begin()
		key, found := subject.Run(r)
		t.report.Steps += int64(r.at)
		cfg.Progress.add(int64(r.at))
		if r.pruned {
			t.report.Pruned++
		} else {
			t.count(key, found, r.preemptions(), r.witness)
		}
		if !r.backtrack() {
			return t.finish(Unbounded, true)
		}
		if cfg.MaxSteps > 0 && t.report.Steps >= cfg.MaxSteps || ctx.Err() != nil {
			report := t.finish(Unbounded, false)
			report.Part = r.part()
			return report
		}
	}
}
