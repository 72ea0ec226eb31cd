package mutants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/litmus"
	"cohbench/fuzz/prog"
)

// Config says how far a hunt goes. What it finds depends on nothing else.
type Config struct {
	Seed     uint64
	Programs int  // random ones
	Brief    bool // give up searches that take long
	// Notice is told of each program before it is run, and on what; nil: nobody
	// is. A mutant may make a program run for ever.
	Notice func(by, engine string, p *prog.Program, runs int64)
}

// Catch is how a bug was caught.
type Catch struct {
	By      string // the hunter: fuzz, faults, alone, live, litmus or oracle
	Engine  string
	Kind    string // what was wrong
	Runs    int64  // executions up to then
	Witness *prog.Program
}

// Hunt has all hunters look for a bug in the code of this very process, and
// returns nil if none of them finds one.
func Hunt(cfg Config) (*Catch, error) {
	h := &hunt{Config: cfg}
	if c := h.oracle(); c != nil {
		return c, nil
	}
	for _, hunter := range []func() (*Catch, error){h.soon, h.faults, h.alone, h.fuzz, h.live, h.litmus} {
		if c, err := hunter(); c != nil || err != nil {
			return c, err
		}
	}
	return nil, nil
}

type hunt struct {
	Config
	runs    int64
	runners []*exec.Runner
	gen     prog.Generator // of random programs
	made    int            // so many of them
}

func (h *hunt) notice(by, engine string, p *prog.Program) {
	if h.Notice != nil {
		h.Notice(by, engine, p, h.runs)
	}
}

const (
	schedules        = 8 // random ones, of each program
	programsPerSwarm = 24
	soonPrograms     = 6_000 // before any other hunter
	programsPerOp    = 600   // after so many programs may have one more operation
	mostOps          = 8
)

// soon is the beginning of fuzz, which catches most.
func (h *hunt) soon() (*Catch, error) {
	for _, p := range claiming() {
		h.runners = append(h.runners, exec.New(&core.Model{Policy: p}))
	}
	h.gen.Rand = rand.New(rand.NewPCG(h.Seed, 0))
	return h.random(min(soonPrograms, h.Programs)), nil
}

// fuzz runs random programs under random schedules on the policies that claim
// coherence. Preconditions: soon has.
func (h *hunt) fuzz() (*Catch, error) { return h.random(h.Programs), nil }

// random goes on up to program number n.
func (h *hunt) random(n int) *Catch {
	g := &h.gen
	pos, pct := explore.NewPOS(0), explore.NewPCT(3, 0)
	for ; h.made < n; h.made++ {
		i := h.made
		// Small ones first: what needs few operations is then found with few.
		g.Limits = prog.Limits{Tasks: 2 + i%2, Ops: min(2+i/programsPerOp, mostOps)}
		if i%programsPerSwarm == 0 {
			g.Swarm()
		}
		p := g.Program()
		if unclaimed(p) {
			continue
		}
		r := h.runners[i%len(h.runners)]
		h.notice("fuzz", r.Engine(), p)
		for k := range schedules {
			var s explore.Sampler = pos
			if k%4 == 3 {
				s = pct
			}
			s.Reset(g.Rand.Uint64())
			h.runs++
			if bad := run(r, p, s); bad != "" {
				return h.caught(r, p, bad)
			}
		}
	}
	return nil
}

// claiming is the policies that claim everything.
func claiming() (list []*core.Policy) {
	for _, p := range coherence.All() {
		if p.Claims.Coherent && p.Claims.DeadlockFree {
			list = append(list, p)
		}
	}
	return list
}

// run names what a run did wrong, what it left behind included.
func run(r *exec.Runner, p *prog.Program, picker sched.Picker) string {
	if bad := judge(p, r.Run(p, picker)); bad != "" {
		return bad
	}
	if what := r.Leaked(); what != "" {
		return "leaks " + what
	}
	return ""
}

// judge names what a run of a generated program did that no policy which claims
// coherence may do; "" if there is nothing.
func judge(p *prog.Program, r *exec.Result) string {
	bad := prog.Incoherence | prog.Panic | prog.Deadlock | prog.Livelock | prog.EIO
	if !pinsItself(p) {
		bad |= prog.EFAULT
	}
	switch {
	case r.Found&bad != 0:
		return (r.Found & bad).String()
	case r.Err != nil:
		return "no end" // out of steps: there is nothing else that the model cannot do
	}
	return ""
}

// pinsItself reports whether a direct write's buffer may be in the file that it
// has blocked, which may fail.
func pinsItself(p *prog.Program) bool {
	for i := range p.Tasks {
		for _, op := range p.Tasks[i].Ops {
			if op.Kind == prog.WriteDirect && op.Buf.Mapped && op.Buf.File == op.File {
				return true
			}
		}
	}
	return false
}

// unclaimed reports whether a program does what the judgement of its runs, or
// the claims of the policies, do not cover: a buffered copy within one file,
// whose words then come from each other, and a direct read into pages of a file
// that is written directly, since invalidation ignores pins.
func unclaimed(p *prog.Program) bool {
	var into, written [prog.MaxFiles]bool
	within := false
	for i := range p.Tasks {
		for _, op := range p.Tasks[i].Ops {
			written[op.File] = written[op.File] || op.Kind == prog.WriteDirect || op.Kind == prog.Punch || op.Kind == prog.Zero
			into[op.Buf.File] = into[op.Buf.File] || op.Buf.Mapped && op.Kind == prog.ReadDirect
			within = within || op.Kind != prog.WriteDirect && op.Buf.Mapped && op.Buf.File == op.File
		}
	}
	for i := range into {
		within = within || into[i] && written[i]
	}
	return within
}

// caught makes the catch small.
func (h *hunt) caught(r *exec.Runner, p *prog.Program, kind string) *Catch {
	c := &Catch{By: "fuzz", Engine: r.Engine(), Kind: kind, Runs: h.runs}
	c.Witness = prog.Minimise(p, func(q *prog.Program) bool {
		h.notice("fuzz", r.Engine(), q)
		return search(r, q, kind)
	})
	return c
}

// How many steps the search in a litmus test takes before it is given up: at
// first, and at last, which is more than any takes on the right code.
const (
	briefSteps = 60_000
	wholeSteps = 100_000_000
)

// litmus searches the schedules of the suite, small tests first, on every
// policy, for a verdict that the test does not expect. What takes long comes
// last, or not at all in a brief hunt.
func (h *hunt) litmus() (*Catch, error) {
	suite, err := litmus.Suite()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(suite, func(a, b *prog.Program) int { return cmp.Compare(a.Size(), b.Size()) })
	var long []func() (*Catch, bool)
	for _, p := range suite {
		for _, policy := range coherence.All() {
			c, decided := h.verdict(p, policy, briefSteps)
			if c != nil {
				return c, nil
			}
			if !decided {
				long = append(long, func() (*Catch, bool) { return h.verdict(p, policy, wholeSteps) })
			}
		}
	}
	for _, search := range long {
		if h.Brief {
			break
		}
		if c, _ := search(); c != nil {
			return c, nil
		}
	}
	return nil, nil
}

// verdict searches one test on one policy, and reports whether that was enough
// to know.
func (h *hunt) verdict(p *prog.Program, policy *core.Policy, steps int64) (c *Catch, decided bool) {
	model := &core.Model{Policy: policy}
	h.notice("litmus", model.Name(), p)
	r, err := litmus.Search(context.Background(), p, model, litmus.Config{Bound: 2, Budget: steps})
	c = &Catch{By: "litmus", Engine: model.Name(), Witness: p, Runs: h.runs}
	var panicked *sched.PanicError
	switch {
	case errors.As(err, &panicked):
		c.Kind = "panic"
		return c, true
	case err != nil:
		c.Kind = "no end"
		return c, true
	}
	h.runs += r.Schedules
	if r.OK() || !r.Complete && steps < wholeSteps && (r.Verdict == prog.Unknown || r.Expected != prog.Never) {
		return nil, r.OK()
	}
	c.Runs, c.Kind = h.runs, fmt.Sprintf("%v, not %v", r.Verdict, r.Expected)
	return c, true
}
