package main

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"cohbench/fuzz/mutants"
	"cohbench/fuzz/prog"
)

// stuck is how long a run of a program may take, which otherwise takes well
// below a millisecond; searches in a whole space of schedules get longer.
const (
	stuckRun    = 10 * time.Second
	stuckSearch = 45 * time.Second
)

// hangs is the kind of a run that never passes another yield point.
const hangs = "hangs"

// watch knows what is being run.
type watch struct {
	mu    sync.Mutex
	now   outcome
	what  *prog.Program
	since time.Time
}

func (w *watch) notice(by, engine string, p *prog.Program, runs int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.since = outcome{By: by, Engine: engine, Kind: hangs, Runs: runs}, time.Now()
	w.what = p
}

// guard ends the process with what is being run if that never ends.
func (w *watch) guard() {
	for range time.Tick(time.Second) {
		w.mu.Lock()
		limit := stuckRun
		if w.now.By == "litmus" {
			limit = stuckSearch
		}
		if !w.since.IsZero() && time.Since(w.since) > limit {
			w.now.add(w.what)
			_ = json.NewEncoder(os.Stdout).Encode(w.now)
			os.Exit(0)
		}
		w.mu.Unlock()
	}
}

// hunt hunts the mutant of this process and prints the outcome.
func (c *config) hunt() error {
	debug.SetMaxStack(16 << 20) // endless recursion is to end soon
	w := &watch{}
	go w.guard()
	found, err := mutants.Hunt(mutants.Config{Seed: c.seed, Programs: c.programs, Brief: c.brief, Notice: w.notice})
	if err != nil {
		return err
	}
	o := outcome{By: "none"}
	if found != nil {
		o = outcome{By: found.By, Engine: found.Engine, Kind: found.Kind, Runs: found.Runs}
		o.add(found.Witness)
	}
	return json.NewEncoder(os.Stdout).Encode(o)
}

// add adds the program that showed it, if one did.
func (o *outcome) add(p *prog.Program) {
	if p != nil {
		o.Ops, o.Witness = p.Size(), p.String()
	}
}
