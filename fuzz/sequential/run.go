package sequential

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// Run is the target: it runs the program that data stands for, one operation
// at a time, and panics at the first difference from the model.
func Run(data []byte) {
	p := parse(data)
	engines := targets()
	engine := engines[int(p.engine)%len(engines)]
	if f := runOn(engine, p); f != nil {
		f.report(Details, engine, p.size)
		panic(f.what)
	}
}

// report writes down what a fuzzer would lose with the process.
func (f *finding) report(w io.Writer, engine core.Engine, size int64) {
	fmt.Fprintf(w, "engine %s, file of %#x bytes\n%s%s\n", engine.Name(), size, f.trace, f)
}

// targets is the engines that are right as long as nothing overlaps. One that
// never invalidates is not.
func targets() []core.Engine {
	var list []core.Engine
	for _, e := range coherence.CommonEngines(mmu.KindSoft) {
		if m, ok := e.(*core.Model); ok && m.Policy.Before == core.InvalidateNever {
			continue
		}
		list = append(list, e)
	}
	return list
}

// maxSteps bounds a run: no program comes near it, unless a loop has no end.
const maxSteps = 1 << 20

// An execution is a program on an engine.
type execution struct {
	program
	pages pageModel
	locks [2]*lockModel

	next  int  // the operation whose turn it is
	stuck bool // its task waits
	fail  *failure
}

// finding is a failure with the operations up to it.
type finding struct {
	*failure
	trace string
}

// runOn runs p. The tasks are coroutines, so that one which waits, in a
// program where nobody else can be in its way, is seen to wait.
func runOn(engine core.Engine, p program) *finding {
	x := &execution{program: p, locks: newLocks()}
	g := sched.NewDeterm(sched.Config{Picker: x, MaxSteps: maxSteps})
	if err := x.open(g, engine); err != nil {
		return &finding{&failure{"fuzz: the file cannot be opened", err.Error()}, ""}
	}
	for i := range tasks {
		g.Go(fmt.Sprintf("task %d", i), func(t *sched.Thread) { x.run(core.NewTask(t), i) })
	}
	if err := g.Wait(); err != nil && x.fail == nil {
		x.fail = ended(err)
	}
	if x.fail == nil {
		return nil
	}
	return &finding{x.fail, x.history()}
}

func (x *execution) open(g *sched.Group, engine core.Engine) error {
	t := core.NewTask(g.Thread("open"))
	m := &x.pages
	m.disk = disk.NewMemory(x.size)
	m.want = make([]byte, x.size, maxSize)
	if e, ok := engine.(*core.Model); ok {
		m.policy = e.Policy
	}
	var err error
	if m.file, err = engine.Open(g, core.Backing{Disk: m.disk}); err != nil {
		return err
	}
	m.mapping, err = m.file.Map(t, 0, maxSize)
	if errors.Is(err, errors.ErrUnsupported) {
		m.mapping, err = nil, nil
	}
	return err
}

// ended is the failure of a group that came to a bad end.
func ended(err error) *failure {
	var dead *sched.Deadlock
	var alive *sched.Livelock
	var p *sched.PanicError
	switch {
	case errors.As(err, &dead):
		return &failure{"fuzz: a task waits for itself", dead.String()}
	case errors.As(err, &p):
		return &failure{"fuzz: an operation panics", fmt.Sprintf("%v\n%s", p, p.Stack)}
	case errors.As(err, &alive):
		return &failure{"fuzz: an operation does not get on", alive.String()}
	case errors.Is(err, sched.ErrSteps):
		return &failure{"fuzz: an operation does not end", err.Error()}
	}
	return &failure{"fuzz: the run was cancelled", err.Error()}
}

// whose is the number of the task whose turn it is; the first finishes.
func (x *execution) whose() int {
	if x.next < len(x.ops) {
		return x.ops[x.next].task
	}
	return 0
}

// Pick implements sched.Picker: the task whose turn it is goes on. If it
// cannot, the others end, and what is left is a deadlock.
func (x *execution) Pick(runnable []*sched.Thread, _ *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	for _, t := range runnable {
		if t.ID == firstTask+x.whose() {
			return t
		}
	}
	x.stuck = true
	return runnable[0]
}

// firstTask is the ID of the first task: the opener's comes before it.
const firstTask = 1

// run is one task.
func (x *execution) run(t *core.Task, number int) {
	for x.next < len(x.ops) && x.fail == nil && !x.stuck {
		if x.whose() != number {
			if t.Spin(sched.LocLocal) != nil {
				return
			}
			continue
		}
		x.check(t, x.do(t, x.ops[x.next]))
		x.next++
	}
	if number == 0 && x.fail == nil && !x.stuck {
		x.check(t, x.finish(t))
	}
}

func (x *execution) do(t *core.Task, o op) error {
	if o.kind <= unblock {
		return x.locks[o.lock].do(t.Thread, o.kind)
	}
	return x.pages.do(t, o)
}

func (x *execution) finish(t *core.Task) error {
	for _, l := range x.locks {
		if err := l.release(t.Thread); err != nil {
			return err
		}
	}
	return x.pages.finish(t)
}

// check keeps the first failure. What fails because the run is being cancelled
// is not one: the cause of that is.
func (x *execution) check(t *core.Task, err error) {
	if err == nil || x.fail != nil || t.Err() != nil {
		return
	}
	if !errors.As(err, &x.fail) {
		x.fail = &failure{"fuzz: an operation failed", err.Error()}
	}
}

// history is the operations up to the one that failed, a line each.
func (x *execution) history() string {
	var b strings.Builder
	for i, o := range x.ops[:min(x.next, len(x.ops))] {
		fmt.Fprintf(&b, "%4d  %s\n", i, o)
	}
	return b.String()
}
