package fuzz

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// lockTasks is how many tasks use the lock of RunLocks.
const lockTasks = 4

// lockCase is one lock that tasks take and release.
type lockCase struct {
	lock      core.PagecacheLock
	exclusive bool // one blocker at most
	adders    int
	blockers  int
	failure   string
}

// RunLocks is a target for the locks alone. The first byte chooses the lock; of
// each pair of bytes that follows, the first is what a task does (low 2 bits:
// which task; the next 2: add, try add, block, try block) and the second where
// the schedule switches (low 2 bits: to whom; the rest: after how many steps).
// A task holds the lock over one step. It panics if both sides hold the lock,
// if somebody waits forever, or if the lock is not free at the end.
func RunLocks(data []byte) {
	x := &lockCase{lock: new(core.TwoStateLock)}
	if len(data) > 0 {
		if data[0]&1 != 0 {
			x.lock, x.exclusive = new(core.RWSemLock), true
		}
		data = data[1:]
	}
	x.run(data)
}

// run plays what data says.
func (x *lockCase) run(data []byte) {
	var ops [lockTasks][]byte
	replay := &sched.Replay{}
	for i, b := range data[:min(len(data), 2*prog.MaxOps)] {
		if i%2 == 0 {
			ops[b&3] = append(ops[b&3], b>>2&3)
		} else {
			replay.Switches = append(replay.Switches, sched.Switch{After: int64(b >> 2), To: int(b & 3)})
		}
	}
	g := sched.NewDeterm(sched.Config{Picker: replay})
	for i := range ops {
		g.Go(fmt.Sprint("task ", i), func(t *sched.Thread) { x.task(t, ops[i]) })
	}
	end := g.Thread("at the end")
	err := g.Wait()
	if err == nil && x.failure == "" && (!x.lock.TryBlock(end) || x.adders+x.blockers > 0) {
		x.failure = "fuzz: a lock that everybody released is not free"
	}
	if x.failure != "" {
		panic(x.failure)
	}
	var p *sched.PanicError
	if errors.As(err, &p) {
		fmt.Fprintf(Details, "%v\n%s\n", p, p.Stack)
		panic("fuzz: a lock panics")
	}
	if err != nil {
		fmt.Fprintln(Details, err)
		panic("fuzz: a task waits forever for a lock that nobody keeps")
	}
}

// task does what it is told.
func (x *lockCase) task(t *sched.Thread, ops []byte) {
	for _, op := range ops {
		var err error
		got := true
		switch op {
		case 0:
			err = x.lock.Add(t)
		case 1:
			got = x.lock.TryAdd(t)
		case 2:
			err = x.lock.Block(t)
		case 3:
			got = x.lock.TryBlock(t)
		}
		if err != nil {
			return
		}
		if got {
			x.hold(t, op < 2)
		}
	}
}

// hold holds the lock over one step, and releases it.
func (x *lockCase) hold(t *sched.Thread, adds bool) {
	n, release := &x.blockers, x.lock.Unblock
	if adds {
		n, release = &x.adders, x.lock.Unadd
	}
	*n++
	if x.adders > 0 && x.blockers > 0 || x.exclusive && x.blockers > 1 {
		x.failure = "fuzz: a lock is held by those who exclude each other"
	}
	t.Yield(sched.LocAny, sched.KindNone)
	*n--
	release(t)
}
