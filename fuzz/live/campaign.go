package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"cohbench/core"
	"cohbench/fuzz"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

// Config is what a campaign runs programs on, and how.
type Config struct {
	// Shooters is where programs run, one for each worker: all on the same
	// engine, each with files of its own.
	Shooters []*shoot.Shooter
	// Held says that holding direct writes is worth something there: see
	// shoot.Shooter.Probe.
	Held   bool
	Seed   uint64 // of the programs; real threads add their own chance
	Limits prog.Limits
	// Seeks is the violations that count.
	Seeks prog.Violation
	// Programs is after how many programs of each worker the campaign ends; 0 for
	// no limit.
	Programs int64
	// Start is programs to begin with.
	Start []*prog.Program
	// Model is the deterministic engine that small programs are put to; nil for
	// none.
	Model *core.Model
	// After is the clock: time.After.
	After func(time.Duration) <-chan time.Time
	// Found is called with each finding, by one worker at a time. If it returns
	// false the campaign ends.
	Found func(*Finding) bool
}

// Finding is something that went wrong.
type Finding struct {
	Class prog.Violation
	// Program is small and looks for the class. It is the original where the
	// class did not come about again.
	Program *prog.Program
	// Report is how often it came about, and how.
	Report *shoot.Report
	// Lines is what the run that showed it first said.
	Lines []string
	// Collision is the operations that collide. Findings of the same class and
	// collision count as one.
	Collision string
	Original  *prog.Program
	Runs      int64 // of the worker, until it was found
	// Asked is whether Model was asked; Model is then the same on it, smaller
	// still and with a schedule, or nil if it does not do it.
	Asked bool
	Model *prog.Program
}

// Stats is how far a campaign has come.
type Stats struct {
	Programs int64
	Runs     int64
	Held     int64 // runs with a direct write held, in the order that was wanted
	Refused  int64 // runs of what the engine cannot do
	Bad      int64 // runs that showed something that counts
	Met      int64 // ways in which operations met
	Corpus   int64 // programs that are kept
	Findings int64
}

// Campaign is random programs in many short runs.
type Campaign struct {
	cfg     Config
	stats   struct{ programs, runs, held, refused, bad, met, findings atomic.Int64 }
	workers fuzz.Workers
	pool    fuzz.Pool

	mu       sync.Mutex
	met      map[meeting]bool
	attempts map[prog.Violation]int
	tried    map[attempt]bool
	said     map[identity]bool
}

// attempt tells bad runs apart before they are made small, by the operations
// that took part.
type attempt struct {
	class               prog.Violation
	held                bool
	saw, missed, source prog.Kind
}

// identity tells findings apart.
type identity struct {
	class     prog.Violation
	collision string
}

// Limits of the work that findings make.
const (
	maxAttempts = 8 // findings made small of a class
	maxEIO      = 2 // and of EIO without a loss: who loses says EIO in many more runs
)

// New makes a campaign. It takes the shooters over.
func New(cfg Config) *Campaign {
	c := &Campaign{cfg: cfg, met: map[meeting]bool{}, attempts: map[prog.Violation]int{}, tried: map[attempt]bool{}, said: map[identity]bool{}}
	c.workers = fuzz.Workers{N: len(cfg.Shooters), Programs: cfg.Programs}
	for _, s := range cfg.Shooters {
		s.Watch(c.watch)
	}
	for _, p := range cfg.Start {
		c.pool.Keep(p, rand.New(rand.NewPCG(cfg.Seed, 0)))
	}
	return c
}

// usualTasks is how many tasks programs have if Limits does not say.
const usualTasks = 3

// Run works until the context is done, Found says so, or all programs were
// run. An error that is ErrStuck says that a run hangs; then the shooter's
// files are in use.
func (c *Campaign) Run(ctx context.Context) error {
	defer shoot.Procs(len(c.cfg.Shooters) * max(c.cfg.Limits.Tasks, usualTasks))()
	return c.workers.Run(ctx, func(i int) (func(context.Context) error, func()) {
		w := newWorker(c, i, c.cfg.Shooters[i])
		return w.program, func() {}
	})
}

// Stats is how far the campaign has come. It may be asked while it runs.
func (c *Campaign) Stats() Stats {
	s := &c.stats
	return Stats{s.programs.Load(), s.runs.Load(), s.held.Load(), s.refused.Load(), s.bad.Load(), s.met.Load(), int64(c.pool.Len()),
		s.findings.Load()}
}

// Corpus is the programs in which operations met anew.
func (c *Campaign) Corpus() []*prog.Program { return c.pool.Programs() }

// learn keeps p if operations met in its run in a way that no worker has seen.
func (c *Campaign) learn(w *worker, p *prog.Program, list []meeting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := false
	for _, m := range list {
		fresh = fresh || !c.met[m]
		c.met[m] = true
	}
	if !fresh {
		return
	}
	c.stats.met.Store(int64(len(c.met)))
	c.pool.Keep(p, w.rng)
}

// admit reports whether a bad run is worth making small.
func (c *Campaign) admit(a attempt) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := maxAttempts
	if a.class == prog.EIO {
		most = maxEIO
	}
	if c.tried[a] || c.attempts[a.class] == most {
		return false
	}
	c.tried[a] = true
	c.attempts[a.class]++
	return true
}

// say passes a finding on, unless there was one like it.
func (c *Campaign) say(f *Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := identity{f.Class, f.Collision}
	if c.said[id] {
		return
	}
	c.said[id] = true
	c.stats.findings.Add(1)
	if c.cfg.Found != nil && !c.cfg.Found(f) {
		c.workers.Enough()
	}
}
