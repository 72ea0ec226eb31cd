package shoot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Stopper is memory for the buffer of a direct write that stops wherever the
// kernel meets a page which nobody has filled yet: mmu.Stopper, fusemem.Stopper.
// None of the program's own code may touch it.
type Stopper interface {
	// Arm returns memory that holds what src does, but for the pages of stops,
	// which are missing. src has at most mmu.StopperSize bytes, and must not
	// change until the next Arm.
	Arm(src []byte, stops ...int64) ([]byte, error)
	// Wait waits up to ms milliseconds for a write to stop, and returns the page
	// of the memory that it stopped at. A stop is told of once.
	Wait(ms int) (page int64, ok bool, err error)
	// Fill gives a page its contents, and lets a write that has stopped there go
	// on.
	Fill(page int64) error
	// Empty takes a page away again. A write that has it pinned keeps it.
	Empty(page int64) error
}

// Config is what a Shooter works with.
type Config struct {
	Engine core.Engine
	// Backings are the files, as many as programs have; what is in them is lost.
	Backings []core.Backing
	// Stopper holds direct writes; nil: none can be held.
	Stopper Stopper
	// After is the clock: time.After.
	After func(time.Duration) <-chan time.Time
	// Patience is how long an operation may take before it counts as waiting for
	// the held write. Default 50 ms.
	Patience time.Duration
	Rand     *rand.Rand
}

// Shooter runs programs on a file system, one run at a time.
type Shooter struct {
	Config
	live exec.Live
}

// New makes a Shooter.
func New(cfg Config) *Shooter {
	return &Shooter{Config: cfg, live: exec.Live{Engine: cfg.Engine, Backings: cfg.Backings}}
}

// Procs raises GOMAXPROCS to what runs of that many tasks at once want, and
// returns what takes it back: a processor for each task, the director and the
// runner. A goroutine in pwrite(2) keeps its P until sysmon takes it away, so
// with fewer the operations of a program run one after another.
func Procs(tasks int) (restore func()) {
	old := runtime.GOMAXPROCS(0)
	if want := tasks + 2; want > old {
		runtime.GOMAXPROCS(want)
		return func() { runtime.GOMAXPROCS(old) }
	}
	return func() {}
}

// Watch sets what looks at each run while it is under way: see exec.Live.
func (s *Shooter) Watch(fn func(g *sched.Group, over <-chan struct{})) { s.live.Watch = fn }

func (s *Shooter) patience() time.Duration {
	if s.Patience == 0 {
		return 50 * time.Millisecond
	}
	return s.Patience
}

// Outcome is what came of one run.
type Outcome struct {
	*exec.Result
	// Happened says that everything ran in the order of the shot.
	Happened bool
	// Stuck is the event of the shot that did not come to its end in time, from
	// 1: the order is not to be had. 0: none.
	Stuck int
}

// Hit reports whether the run shows what its program looks for.
func (o *Outcome) Hit() bool { return o.Err == nil && o.Holds() }

// Fire runs p once in the order of the shot, or as near to it as the kernel
// lets it. An error is one of the means; what the run itself could not do is
// in its result. Preconditions: there is a Stopper.
func (s *Shooter) Fire(p *prog.Program, shot *Shot) (*Outcome, error) {
	return s.fire(shot.loaded(p), shot)
}

// loaded is the program that the shot runs.
func (s *Shot) loaded(p *prog.Program) *prog.Program {
	if s.Stops == 2 {
		return stretched(p, s.Held)
	}
	return p
}

// fire is Fire with the program stretched already.
func (s *Shooter) fire(p *prog.Program, shot *Shot) (*Outcome, error) {
	d := newDirector(s, p, shot)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.run()
	}()
	s.live.Director = d
	res := s.live.Run(p)
	close(d.over)
	<-done
	if d.err != nil {
		return nil, fmt.Errorf("hold a direct write of %s: %w", p.Name, d.err)
	}
	return &Outcome{res, d.happened, d.stuck}, nil
}

// Free runs p once with all tasks released at the same moment, and random
// delays of up to some 100 us before their operations.
func (s *Shooter) Free(p *prog.Program) *Outcome {
	d := delays{waste: make([]uint64, len(p.Tasks))}
	for t := range p.Tasks {
		d.spins = append(d.spins, make([]int, len(p.Tasks[t].Ops)))
		for k := range d.spins[t] {
			d.spins[t][k] = s.Rand.IntN(1 << s.Rand.IntN(maxDelayBits))
		}
	}
	s.live.Director = &d
	return &Outcome{Result: s.live.Run(p)}
}

// maxDelayBits is how long the longest delay is, as the logarithm of turns of a
// loop that take about a nanosecond: from nothing to what a write to a slow
// disk takes, each order of magnitude as often.
const maxDelayBits = 19

// delays is the director of free runs.
type delays struct {
	spins [][]int
	waste []uint64 // what the loops came to, by task, so that they are run
}

// Begin implements exec.Director.
func (d *delays) Begin(o exec.OpRef, mem []byte) []byte {
	d.waste[o.Task] += spin(d.spins[o.Task][o.Op])
	return mem
}

// End implements exec.Director.
func (d *delays) End(exec.OpRef) {}

//go:noinline
func spin(n int) (x uint64) {
	for i := range n {
		x = x*0x9e3779b97f4a7c15 + uint64(i)
	}
	return x
}

// ErrOptions is why a program says nothing about a kernel.
var ErrOptions = errors.New("a variant of the model")

// Fits reports, as an error, why p cannot be asked of a kernel: it is about a
// variant of the model which is not Linux, or about who waits for whom, or wants
// more file systems than one.
func Fits(p *prog.Program) error {
	const linux = prog.DirtyAfterCopy | prog.MmapLock | prog.Sectors
	if p.Options.Set&^linux != 0 || p.Options.MaxPin != 0 || p.Options.Slots != 0 {
		return fmt.Errorf("%w: %s", ErrOptions, p.Options)
	}
	if v := p.Seeks() & prog.Contention; v != 0 {
		return fmt.Errorf("who waits for whom cannot be seen: %v", v)
	}
	for i := range p.Files {
		if p.Files[i].FS != p.Files[0].FS {
			return errors.New("it wants two file systems")
		}
	}
	return nil
}
