package mutants

import (
	"errors"
	"math/rand/v2"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// How many random programs meet faults, and how often each; and how often those
// do that are made for it.
const (
	faultyPrograms = 12_000
	faultyRuns     = 4
	rareRuns       = 2_000
	smallRuns      = 400 // of each program that is smaller than one that showed something
)

// rare is programs that fail in places to which random ones come too seldom.
var rare = []string{
	// The write from A lets go of B while its first page is pinned and the other
	// one waits for A; then a page of B is dirty, and cannot be written back.
	"file A 2 pages resident 0\nfile B 2 pages\ntask w: dwrite B[0:2] from A[0]\ntask u: dwrite A[1]\ntask s: store B[0]\n",
}

// faults runs fixed operations, and random programs, whose disks fail or which
// are cancelled half-way: whatever fails, nobody keeps anything, nobody waits
// for ever, and nothing is lost without a word.
func (h *hunt) faults() (*Catch, error) {
	if c := h.failures(); c != nil {
		return c, nil
	}
	f := &faulty{hunt: h, rng: rand.New(rand.NewPCG(h.Seed, 2)), pos: explore.NewPOS(0)}
	for _, p := range claiming() {
		r := exec.New(&core.Model{Policy: p})
		r.Over(f.breaker.over)
		defer r.Close()
		f.runners = append(f.runners, r)
	}
	for _, text := range rare {
		p, err := prog.Parse("rare.coh", []byte(text))
		if err != nil {
			return nil, err
		}
		for _, r := range f.runners {
			if c := f.try(r, p, rareRuns); c != nil {
				return c, nil
			}
		}
	}
	return f.programs(), nil
}

// faulty has programs meet faults.
type faulty struct {
	*hunt
	rng     *rand.Rand
	pos     *explore.POS
	breaker breaker
	runners []*exec.Runner
}

// programs has random programs meet faults.
func (f *faulty) programs() *Catch {
	g := prog.Generator{Rand: f.rng}
	for i := range min(faultyPrograms, f.Programs) {
		g.Limits = prog.Limits{Tasks: 1 + i%3, Ops: min(2+i/programsPerOp, mostOps)}
		if i%programsPerSwarm == 0 {
			g.Swarm()
		}
		p := g.Program()
		if unclaimed(p) {
			continue
		}
		r := f.runners[i%len(f.runners)]
		if c := f.try(r, p, faultyRuns); c != nil {
			c.Witness = prog.Minimise(p, func(q *prog.Program) bool {
				again := f.try(r, q, smallRuns)
				return again != nil && again.Kind == c.Kind
			})
			return c
		}
	}
	return nil
}

// try runs a program some times: one in four is cancelled, in the others an
// operation of a disk fails.
func (f *faulty) try(r *exec.Runner, p *prog.Program, runs int) *Catch {
	f.notice("faults", r.Engine(), p)
	for k := range runs {
		f.runs++
		f.pos.Reset(f.rng.Uint64())
		q := &quitter{Picker: f.pos, left: 1 << 62}
		f.breaker = breaker{tasks: len(p.Tasks), left: f.rng.Int64N(12)}
		if k%4 == 0 {
			f.breaker.left, q.left = 1<<62, f.rng.Int64N(120)
		}
		if bad := afterFaults(r, p, q); bad != "" {
			return &Catch{By: "faults", Engine: r.Engine(), Kind: bad, Runs: f.runs, Witness: p}
		}
	}
	return nil
}

// afterFaults names what is wrong after a run, whatever has failed in it.
func afterFaults(r *exec.Runner, p *prog.Program, picker sched.Picker) string {
	res := r.Run(p, picker)
	bad := res.Found & (prog.SilentLost | prog.Torn | prog.Nowhere | prog.Panic | prog.Deadlock | prog.Livelock)
	switch held := r.Held(); {
	case bad != 0:
		return bad.String()
	case held != "":
		return "keeps " + held
	case errors.Is(res.Err, sched.ErrSteps):
		return "no end"
	}
	if what := r.Leaked(); what != "" {
		return "leaks " + what
	}
	return ""
}

// quitter is a picker that has the run cancelled after some steps: whoever waits
// from then on gets an error.
type quitter struct {
	sched.Picker
	left int64
}

var errQuit = errors.New("cancelled half-way")

// Pick implements sched.Picker.
func (q *quitter) Pick(runnable []*sched.Thread, current *sched.Thread, loc sched.Loc, kind sched.Kind) *sched.Thread {
	if q.left--; q.left == -1 {
		runnable[0].Group().Cancel(errQuit)
	}
	return q.Picker.Pick(runnable, current, loc, kind)
}

// breaker makes one operation on the disks fail that a program's tasks ask for.
type breaker struct {
	tasks int   // threads of a lower ID are the program's
	left  int64 // operations before it
}

func (b *breaker) over(d disk.Disk) disk.Disk { return &brittle{d, b} }

// breaks counts an operation.
func (b *breaker) breaks(t *sched.Thread) error {
	if t.ID >= b.tasks {
		return nil
	}
	if b.left--; b.left == -1 {
		return disk.ErrInjected
	}
	return nil
}

// brittle is a disk of a breaker.
type brittle struct {
	disk.Disk
	b *breaker
}

// ReadAt implements disk.Disk.
func (d *brittle) ReadAt(t *sched.Thread, p []byte, off int64) error {
	if err := d.b.breaks(t); err != nil {
		return err
	}
	return d.Disk.ReadAt(t, p, off)
}

// WriteAt implements disk.Disk.
func (d *brittle) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	if err := d.b.breaks(t); err != nil {
		return 0, err
	}
	return d.Disk.WriteAt(t, p, off)
}

// Truncate implements disk.Disk.
func (d *brittle) Truncate(t *sched.Thread, size int64) error {
	if err := d.b.breaks(t); err != nil {
		return err
	}
	return d.Disk.Truncate(t, size)
}

// PunchHole implements disk.Disk.
func (d *brittle) PunchHole(t *sched.Thread, off, n int64) error {
	if err := d.b.breaks(t); err != nil {
		return err
	}
	return d.Disk.PunchHole(t, off, n)
}

// Sync implements disk.Disk.
func (d *brittle) Sync(t *sched.Thread) error {
	if err := d.b.breaks(t); err != nil {
		return err
	}
	return d.Disk.Sync(t)
}
