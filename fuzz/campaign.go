package fuzz

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"cohbench/core"
	"cohbench/fuzz/prog"
)

// Wanted is the violations that count: what nobody does who claims coherence
// and freedom from deadlock.
const Wanted = prog.Incoherence | prog.Deadlock | prog.Livelock | prog.Panic

// Config is what a campaign tries, and how.
type Config struct {
	// Models is the engines. Every program runs on each of them.
	Models []*core.Model
	Seed   uint64 // decides everything if there is one worker
	// Workers is how many goroutines there are; default 1.
	Workers int
	Limits  prog.Limits
	// Wild also tries what no policy claims anything for: see prog.Tame.
	Wild bool
	// Seeks is the violations that count; 0 for Wanted.
	Seeks prog.Violation
	// Programs is after how many programs of each worker the campaign ends; 0 for
	// no limit.
	Programs int64
	// Start is programs to begin with.
	Start []*prog.Program
	// Found is called with each finding, by one worker at a time. If it returns
	// false the campaign ends.
	Found func(*Finding) bool
}

// Finding is a violation that a campaign has found.
type Finding struct {
	Kind prog.Violation
	// Program is minimal, and has the schedule that shows it.
	Program *prog.Program
	// Report is what a run of it says.
	Report []string
	// Collision is the two yield points that collide. Findings of the same kind
	// and collision on an engine count as one.
	Collision string
	// Original is the program as it was made, with its schedule.
	Original *prog.Program
	Runs     int64 // of the worker, until it was found
}

// Stats is how far a campaign has come.
type Stats struct {
	Programs int64
	Runs     int64 // of a program under a schedule on an engine
	Steps    int64
	Bad      int64 // runs that showed something that counts
	GivenUp  int64 // runs that did not end within their steps
	Covered  int64 // pairs of yield points and of operations, over all engines
	Corpus   int64 // programs that are kept
	Findings int64
}

// Campaign is random programs under random schedules.
type Campaign struct {
	cfg   Config
	stats struct {
		programs, runs, steps, bad, givenUp, covered, findings atomic.Int64
	}
	workers Workers
	pool    Pool

	mu       sync.Mutex
	coverage []coverage // by engine
	tried    map[attempt]bool
	attempts map[identity]int // by engine and kind
	said     map[identity]bool
}

// attempt tells bad runs apart before they are made small, by the operations
// that took part.
type attempt struct {
	engine              int
	kind                prog.Violation
	saw, missed, source prog.Kind
}

// identity tells findings apart.
type identity struct {
	engine    int
	kind      prog.Violation
	collision string
}

// maxAttempts is how many findings of a kind on an engine are made small.
const maxAttempts = 12

// New makes a campaign.
func New(cfg Config) *Campaign {
	cfg.Workers = max(cfg.Workers, 1)
	if cfg.Seeks == 0 {
		cfg.Seeks = Wanted
	}
	c := &Campaign{cfg: cfg, coverage: make([]coverage, len(cfg.Models)),
		tried: map[attempt]bool{}, attempts: map[identity]int{}, said: map[identity]bool{}}
	c.workers = Workers{N: cfg.Workers, Programs: cfg.Programs}
	c.pool.list = slices.Clone(cfg.Start)
	return c
}

// Run works until the context is done, Found says so, or all programs were
// run. An error says that a program could not be run.
func (c *Campaign) Run(ctx context.Context) error {
	return c.workers.Run(ctx, func(i int) (func(context.Context) error, func()) {
		w := newWorker(c, i)
		return w.program, w.close
	})
}

// Stats is how far the campaign has come. It may be asked while it runs.
func (c *Campaign) Stats() Stats {
	s := &c.stats
	return Stats{s.programs.Load(), s.runs.Load(), s.steps.Load(), s.bad.Load(), s.givenUp.Load(), s.covered.Load(),
		int64(c.pool.Len()), s.findings.Load()}
}

// Corpus is the programs that showed something new.
func (c *Campaign) Corpus() []*prog.Program { return c.pool.Programs() }

// learn keeps a program that covered something which no worker has seen.
func (c *Campaign) learn(w *worker, p *prog.Program) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, after := c.stats.covered.Load(), 0
	for i := range w.engines {
		c.coverage[i].merge(&w.engines[i].coverage)
		after += c.coverage[i].count()
	}
	if int64(after) == before {
		return
	}
	c.stats.covered.Store(int64(after))
	c.pool.Keep(p, w.rng)
}

// admit reports whether a bad run is worth making small. Those that no operation
// saw are all alike.
func (c *Campaign) admit(a attempt) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := identity{engine: a.engine, kind: a.kind}
	if c.tried[a] && a.kind&prog.Incoherence != 0 || c.attempts[all] == maxAttempts {
		return false
	}
	c.tried[a] = true
	c.attempts[all]++
	return true
}

// say passes a finding on, unless there was one like it.
func (c *Campaign) say(engine int, f *Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := identity{engine, f.Kind, f.Collision}
	if c.said[id] {
		return
	}
	c.said[id] = true
	c.stats.findings.Add(1)
	if c.cfg.Found != nil && !c.cfg.Found(f) {
		c.workers.Enough()
	}
}
