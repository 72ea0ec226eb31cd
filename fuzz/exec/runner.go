package exec

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// MaxSteps is how many yield points a run may pass before it is given up, unless
// Runner.MaxSteps says otherwise.
const MaxSteps = 50_000

// Runner runs programs on one engine of the model, one run at a time. What a
// run needs is made once and reset for the next.
type Runner struct {
	MaxSteps int64 // 0: the constant
	Record   bool  // keep the trace of each run

	world  world
	plan   plan
	determ sched.Determ
	tasks  []*core.Task
	main   *core.Task // sets up, and looks at the end
	bodies []func(*sched.Thread)
	judge  judge
	waits  contention
	res    Result

	tasksEnded func(err error) // called before anybody looks at the end; nil: nothing
}

// New makes a Runner for a model engine. It runs on the software MMU whatever
// the model's is: the others take no part in a schedule.
func New(model *core.Model) *Runner {
	r := &Runner{world: world{model: model}}
	r.main = core.NewTask(nil)
	return r
}

// Over has fn put something over each disk, for instance faults. It is to be
// called before the first run.
func (r *Runner) Over(fn func(disk.Disk) disk.Disk) { r.world.over = fn }

// Held names what tasks of the last run still hold, however it ended; "" for
// nothing.
func (r *Runner) Held() string {
	for i := range r.plan.p.Tasks {
		if r.tasks[i].Thread == nil {
			continue // it never ran
		}
		if held := r.tasks[i].Held(); len(held) > 0 {
			return fmt.Sprintf("%s (%s)", r.plan.files(held[0].Object.String()), held[0].Mode)
		}
	}
	return ""
}

// Engine is the name of the engine.
func (r *Runner) Engine() string { return r.world.model.Name() }

// Close ends what the Runner keeps between runs.
func (r *Runner) Close() { r.determ.Close() }

// Load makes p the program of the next runs. It must not change while it is.
func (r *Runner) Load(p *prog.Program) error {
	r.plan.load(p)
	for len(r.bodies) < len(p.Tasks) {
		i := len(r.bodies)
		r.tasks = append(r.tasks, core.NewTask(nil))
		r.bodies = append(r.bodies, func(t *sched.Thread) {
			r.tasks[i].Reset(t)
			r.tasks[i].MM = r.world.mm(&r.plan, r.plan.p.Tasks[i].MM)
			r.world.run(r.tasks[i], r.plan.tasks[i], r.plan.p.Tasks)
		})
	}
	return r.world.prepare(&r.plan)
}

// Run runs p under the schedule that the picker chooses, and judges what
// happened. A program other than that of the last run is loaded first. The
// task number i is the thread of ID i. The result is valid until the next run.
func (r *Runner) Run(p *prog.Program, picker sched.Picker) *Result {
	r.begin()
	if p != r.plan.p {
		if err := r.Load(p); err != nil {
			return r.fail(err)
		}
	}
	if r.plan.sought != 0 {
		r.waits.reset(p, picker)
		picker = &r.waits
	}
	g := r.determ.Reset(sched.Config{Picker: picker, MaxSteps: r.maxSteps(), Record: r.Record})
	for i := range p.Tasks {
		g.Go(p.Tasks[i].Name, r.bodies[i])
	}
	r.main.Reset(g.Thread("at the end"))
	r.plan.clear()
	if err := r.world.reset(&r.plan, r.main); err != nil {
		return r.fail(err)
	}
	before := r.determ.Steps()
	err := g.Wait()
	r.res.Steps = r.determ.Steps() - before
	if r.tasksEnded != nil {
		r.tasksEnded(err)
	}
	if err == nil {
		err = r.world.look(&r.plan, r.main, &r.res)
		r.waits.report(&r.plan, &r.res)
	}
	r.world.torn = r.plan.remaps
	if err != nil && !r.ended(err) {
		r.res.Err = err
		return &r.res
	}
	r.judge.files = &r.world.files
	r.judge.judge(&r.plan, &r.res, err == nil)
	return &r.res
}

// Leaked names what the last run left behind in the caches though all of its
// tasks came to their end; "" for nothing.
func (r *Runner) Leaked() string {
	if r.res.Err != nil || r.res.Found&(prog.Deadlock|prog.Livelock|prog.Panic) != 0 {
		return ""
	}
	for i := range r.plan.p.Files {
		if what := r.world.spaces[i].Leaked(); what != "" {
			return what
		}
	}
	return ""
}

func (r *Runner) maxSteps() int64 {
	if r.MaxSteps > 0 {
		return r.MaxSteps
	}
	return MaxSteps
}

// Trace is the steps of the last run, if Record was set. It is valid until the
// next run.
func (r *Runner) Trace() []sched.Step { return r.determ.Trace() }

// TraceHash tells the traces of runs apart. It is never 0.
func (r *Runner) TraceHash() uint64 {
	h := uint64(1)
	for _, s := range r.Trace() {
		h = mix(mix(h, uint64(s.Loc)), uint64(s.Thread)<<8|uint64(s.Kind))
	}
	return max(h, 1)
}

func (r *Runner) begin() {
	r.res = Result{Findings: r.res.Findings[:0], Regs: r.res.Regs[:0], plan: &r.plan, world: &r.world}
}

func (r *Runner) fail(err error) *Result {
	r.plan.p = nil // load anew
	r.res.Err = err
	return &r.res
}

// ended notes how a run came to a bad end, and reports whether that is a result.
func (r *Runner) ended(err error) bool {
	x := &r.res
	switch {
	case errors.As(err, &x.Deadlock):
		x.Found |= prog.Deadlock
	case errors.As(err, &x.Livelock):
		x.Found |= prog.Livelock
	case errors.As(err, &x.Panic):
		x.Found |= prog.Panic
	default:
		return false
	}
	return true
}
