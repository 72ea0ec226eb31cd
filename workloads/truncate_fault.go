package workloads

import "time"

// TruncateFault is a task that truncates beside tasks that fault.
var TruncateFault = &Workload{
	Name: "truncate+fault",
	Doc: "A task cuts the file to a random length and brings it back, beside faults on all of it and a direct writer. " +
		"A fault beyond the end is SIGBUS, counted and expected; a page that survives its truncation is not.",
	Defaults: Params{
		Threads: 1, Partners: 2, Block: 4 << 10, Size: 1 << 20, FaultRate: 5_000, CutPace: 2 * time.Millisecond,
		Round: 100 * time.Millisecond,
	},
	Files:   1,
	Resizes: true,
	Roles: func(p Params) []Role {
		return []Role{
			directWriters(p),
			{Name: "faulter", Threads: p.Partners, Class: OpFault, Paced: true, Body: faults},
			{Name: "truncater", Threads: 1, Body: cuts},
		}
	},
}

func cuts(c *Context) {
	for c.Next(OpTruncate, c.P.CutPace) {
		c.Cut(0, c.Block())
	}
}
