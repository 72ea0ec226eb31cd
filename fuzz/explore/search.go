package explore

import (
	"context"
	"math/bits"
	"sync"
	"sync/atomic"
)

// Unbounded is no bound on preemptions.
const Unbounded = -1

// Config is what Search does.
type Config struct {
	// New makes the case. There is one for each worker; a Close method is
	// called at the end.
	New func() Subject
	// Bound is the most preemptions of a schedule: stops of a thread that
	// could have gone on. Unbounded tries all schedules.
	Bound int
	// MaxSteps is how many choices are made in all before the search gives up;
	// 0 for no limit.
	MaxSteps int64
	// Workers is how many goroutines search; default 1. The report does not
	// depend on it. An unbounded search has one.
	Workers int
	// Progress, if it is not nil, counts what was done so far.
	Progress *Progress
	// First ends a bounded search with the first schedule that has what is
	// looked for.
	First bool
	// Full leaves nothing out: it is there to check what is left out otherwise.
	Full bool
}

// Search plays every schedule of a case that could matter, or those that it
// comes to before ctx ends.
func Search(ctx context.Context, cfg Config) *Report {
	if cfg.Bound == Unbounded && !cfg.Full {
		return searchAll(ctx, cfg)
	}
	s := newSearch(ctx, cfg)
	defer s.close()
	return s.run()
}

// search is a bounded search.
type search struct {
	ctx     context.Context
	cfg     Config
	workers []*worker
	sharing sharing
	steps   atomic.Int64 // of the jobs that are done in this pass
	found   atomic.Bool  // what is looked for
}

// worker has a case of its own.
type worker struct {
	bounded
	subject Subject
	search  *search
}

// job is the schedules below one choice of the first schedule.
type job struct {
	nodes []node
	to    int8
	tally tally
	done  bool // all were played
}

func newSearch(ctx context.Context, cfg Config) *search {
	s := &search{ctx: ctx, cfg: cfg}
	for range max(cfg.Workers, 1) {
		s.workers = append(s.workers, &worker{subject: cfg.New(), search: s})
	}
	return s
}

func (s *search) close() {
	for _, w := range s.workers {
		closeSubject(w.subject)
	}
}

func closeSubject(s Subject) {
	if c, ok := s.(interface{ Close() }); ok {
		c.Close()
	}
}

// run makes passes until no pass learns of another location that matters. A
// bound of one preemption finds nearly all of them.
func (s *search) run() *Report {
	bound := s.cfg.Bound
	if bound == Unbounded {
		bound = int(^uint(0) >> 1)
	}
	if !s.cfg.Full && bound > 1 {
		for t, _ := s.pass(1); s.sharing.grown || s.ended(); t, _ = s.pass(1) {
			if s.ended() {
				return t.finish(s.cfg.Bound, false)
			}
			s.sharing.promote()
		}
	}
	for {
		t, complete := s.pass(bound)
		if s.cfg.Full || !s.sharing.grown || !complete {
			return t.finish(s.cfg.Bound, complete)
		}
		s.sharing.promote()
	}
}

// pass plays every schedule within the bound, with what is known now of the
// locations that matter.
func (s *search) pass(bound int) (*tally, bool) {
	s.steps.Store(0)
	for _, w := range s.workers {
		w.sharing, w.bound, w.full = s.sharing.clone(), bound, s.cfg.Full
	}
	total := &tally{}
	first := s.workers[0]
	first.freeze(nil, 0)
	first.play(total)
	jobs := split(first.nodes)
	s.share(jobs)
	complete := true
	for i := range jobs {
		if complete = complete && !s.exceeded(total.report.Steps); !complete && !s.ended() {
			break // what is reported does not depend on who was faster
		}
		total.merge(&jobs[i].tally)
		complete = complete && jobs[i].done
	}
	for _, w := range s.workers {
		s.sharing.merge(&w.sharing)
	}
	return total, complete
}

// split makes a job of each choice that the first schedule left open.
func split(first []node) (jobs []job) {
	nodes := append([]node(nil), first...)
	for i := range nodes {
		for todo := nodes[i].todo; todo != 0; todo &= todo - 1 {
			jobs = append(jobs, job{nodes: nodes[:i+1], to: int8(bits.TrailingZeros16(todo))})
		}
	}
	for i := range nodes {
		nodes[i].todo = 0
	}
	return jobs
}

// share has the workers do the jobs.
func (s *search) share(jobs []job) {
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func(w *worker) {
		for i := next.Add(1) - 1; i < int64(len(jobs)) && !s.exceeded(s.steps.Load()); i = next.Add(1) - 1 {
			w.do(&jobs[i])
			s.steps.Add(jobs[i].tally.report.Steps)
		}
	}
	for _, w := range s.workers[1:] {
		wg.Go(func() { work(w) })
	}
	work(s.workers[0])
	wg.Wait()
}

// exceeded reports whether the search is to end after so many steps.
func (s *search) exceeded(steps int64) bool {
	return s.cfg.MaxSteps > 0 && steps >= s.cfg.MaxSteps || s.ended()
}

// ended reports whether the search is to end for another reason.
func (s *search) ended() bool { return s.found.Load() || s.ctx.Err() != nil }

// do plays the schedules of a job, for as long as it alone is within the limit.
func (w *worker) do(j *job) {
	w.freeze(j.nodes, j.to)
	for {
		w.play(&j.tally)
		if !w.backtrack() {
			j.done = true
			return
		}
		if w.search.exceeded(j.tally.report.Steps) {
			return
		}
	}
}

// play plays the schedule of the nodes.
func (w *worker) play(t *tally) {
	w.begin()
	key, found := w.subject.Run(&w.bounded)
	t.report.Steps += int64(w.step + 1)
	w.search.cfg.Progress.add(int64(w.step + 1))
	if found && w.search.cfg.First {
		w.search.found.Store(true)
	}
	t.count(key, found, w.used, w.witness)
}
