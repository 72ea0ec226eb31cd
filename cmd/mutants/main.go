// Command mutants plants bugs in the mechanism and says which of them the
// litmus suite and the fuzzer catch, how soon, and with how small a program.
//
//	go run ./cmd/mutants                 those thought up (fuzz/mutants, Catalogue)
//	go run ./cmd/mutants -mechanical     those made by a program
//	go run ./cmd/mutants lost-wake-up    these alone
//	go run ./cmd/mutants -every 4        one of four
//
// It is run from the root of the repository, and needs the go command. All bugs
// are in one binary; each is hunted by a process of its own, because it may
// take that down or never let go of it. The exit status is 1 if one that was
// thought up is not caught.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cohbench/fuzz/mutants"
)

// config is the command line.
type config struct {
	mechanical bool
	every      int
	brief      bool
	jobs       int
	limit      time.Duration
	witnesses  bool
	seed       uint64
	programs   int
	names      []string
}

func main() {
	var c config
	child := flag.Bool("hunt", false, "hunt the mutant of "+mutants.Variable+" in this process (what the others do)")
	flag.BoolVar(&c.mechanical, "mechanical", false, "the mutants made by a program")
	flag.IntVar(&c.every, "every", 1, "take one of so many")
	flag.BoolVar(&c.brief, "brief", false, "leave out searches that take long")
	flag.IntVar(&c.jobs, "jobs", 2, "processes at a time")
	flag.DurationVar(&c.limit, "limit", time.Minute, "time for each")
	flag.BoolVar(&c.witnesses, "witnesses", false, "print the smallest program found for each")
	flag.Uint64Var(&c.seed, "seed", 1, "of the random programs")
	flag.IntVar(&c.programs, "programs", 60_000, "random programs for each mutant, eight schedules each")
	flag.Parse()
	c.names = flag.Args()
	run := c.run
	if *child {
		run = c.hunt
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// outcome is what became of one mutant.
type outcome struct {
	By, Engine, Kind string
	Runs             int64
	Ops              int
	Witness          string

	seconds float64
}

// run plants the mutants, builds, hunts each and prints the table.
func (c *config) run() error {
	dir, err := os.MkdirTemp("", "cohbench-mutants-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	list, err := c.list(dir)
	if err != nil {
		return err
	}
	binary, err := build(dir, list)
	if err != nil {
		return err
	}
	// The control: what is found without a mutant is a false alarm, or a bug.
	if o := c.huntOne(binary, 0); o.By != "none" {
		return fmt.Errorf("%s finds %s on %s in the code as it is:\n%s", o.By, o.Kind, o.Engine, o.Witness)
	}
	return c.report(list, c.huntAll(binary, list))
}

// list is the mutants asked for.
func (c *config) list(dir string) ([]mutants.Mutant, error) {
	list := mutants.Catalogue()
	if c.mechanical {
		var err error
		if list, err = mutants.Mechanical(".", dir); err != nil {
			return nil, err
		}
	}
	var some []mutants.Mutant
	for i := 0; i < len(list); i += max(1, c.every) {
		some = append(some, list[i])
	}
	return pick(some, c.names)
}

// pick keeps those of the given names; all if there is none.
func pick(list []mutants.Mutant, names []string) (some []mutants.Mutant, err error) {
	if len(names) == 0 {
		return list, nil
	}
	for _, n := range names {
		before := len(some)
		for _, m := range list {
			if m.Name == n {
				some = append(some, m)
			}
		}
		if len(some) == before {
			err = errors.Join(err, fmt.Errorf("no mutant is called %s", n))
		}
	}
	return some, err
}

// build builds this command with the mutants in it.
func build(dir string, list []mutants.Mutant) (string, error) {
	p, err := mutants.Plant(".", dir, list)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "mutants")
	cmd := exec.Command("go", "build", "-overlay", p.Overlay, "-o", binary, "./cmd/mutants")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build with mutants: %w\n%s", err, out)
	}
	return binary, nil
}

// huntAll hunts each mutant in a process of its own. A nil outcome is one that
// was not caught.
func (c *config) huntAll(binary string, list []mutants.Mutant) []*outcome {
	found := make([]*outcome, len(list))
	next := make(chan int)
	var jobs sync.WaitGroup
	for range c.jobs {
		jobs.Go(func() {
			for i := range next {
				found[i] = c.huntOne(binary, i+1)
				c.line(&list[i], found[i])
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	jobs.Wait()
	return found
}

// huntOne has a process hunt the mutant of a number.
func (c *config) huntOne(binary string, number int) *outcome {
	ctx, cancel := context.WithTimeout(context.Background(), c.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-hunt", fmt.Sprint("-seed=", c.seed), fmt.Sprint("-programs=", c.programs), fmt.Sprint("-brief=", c.brief))
	cmd.Env = append(os.Environ(), fmt.Sprint(mutants.Variable, "=", number))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	o := &outcome{By: "none", seconds: time.Since(start).Seconds()}
	switch jerr := json.Unmarshal(out, o); {
	case err == nil && jerr == nil && o.By == "none", ctx.Err() != nil:
		o.By = "none"
	case err != nil || jerr != nil: // the process died of it
		o.By, o.Kind = "fuzz", "crash: "+firstLine(stderr.String())
	}
	return o
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
