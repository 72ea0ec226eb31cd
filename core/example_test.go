package core_test

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// A direct write whose buffer is a mapping of the very file being written, not
// resident: pinning the buffer faults on the lock that the write holds.
// The fault handler sees the file in the task and refuses.
func Example() {
	g := sched.NewGroup()
	t := core.NewTask(g.Thread("main"))
	engine := &core.Model{Policy: coherence.AddLock}
	f, err := engine.Open(g, core.Backing{Disk: disk.NewMemory(4 * core.PageSize)})
	if err != nil {
		panic(err)
	}
	m, err := f.Map(t, 0, 4*core.PageSize)
	if err != nil {
		panic(err)
	}

	source := core.Buffer{Map: m, Off: 2 * core.PageSize, Len: core.PageSize}
	_, err = f.WriteDirect(t, source, 0)
	fmt.Println(errors.Is(err, core.ErrFault))

	// Resident, it needs no lock to be mapped.
	if err := m.Store(t, source.Off, 42); err != nil {
		panic(err)
	}
	n, err := f.WriteDirect(t, source, 0)
	fmt.Println(n, err)
	v, err := m.Load(t, 0)
	fmt.Println(v, err)
	// Output:
	// true
	// 4096 <nil>
	// 42 <nil>
}

func ExampleTwoStateLock() {
	t := sched.NewGroup().Thread("main")
	var l core.TwoStateLock
	fmt.Println("two adders:", l.TryAdd(t), l.TryAdd(t))
	fmt.Println("and a blocker:", l.TryBlock(t))
	l.Unadd(t)
	l.Unadd(t)
	fmt.Println("two blockers:", l.TryBlock(t), l.TryBlock(t))
	fmt.Println("and an adder:", l.TryAdd(t))
	// Output:
	// two adders: true true
	// and a blocker: false
	// two blockers: true true
	// and an adder: false
}
