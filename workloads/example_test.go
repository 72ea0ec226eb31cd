package workloads_test

import (
	"context"
	"fmt"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/workloads"
)

// A case is one engine under one workload. Here the data file is memory; a
// real one comes from disk.Create.
func ExampleCase_Run() {
	engine, err := coherence.Lookup("addlock")
	if err != nil {
		fmt.Println(err)
		return
	}
	w := workloads.DirectWriteStore
	c := &workloads.Case{
		Engine:   engine,
		Workload: w,
		Backing:  []core.Backing{{Path: "memory", Disk: disk.NewMemory(w.Defaults.Size)}},
		Duration: 50 * time.Millisecond,
		Oracle:   true,
	}
	o, err := c.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.Status)
	fmt.Println("wrote:", o.Classes["direct-write"].Ops > 0)
	fmt.Println("checked:", o.Oracle.Checked > 0)
	fmt.Println("wrong:", o.Oracle.Bad())
	// Output:
	// ok
	// wrote: true
	// checked: true
	// wrong: 0
}

func ExampleLookup() {
	w, err := workloads.Lookup("fault-storm")
	fmt.Println(w.Name, w.Defaults.FaultRate, err)
	// Output: fault-storm 60000 <nil>
}
