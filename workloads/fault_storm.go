package workloads

// FaultStorm is a direct writer against page faults at a given rate.
//
// Measured on ext4, virtio, 2 cores, 8 faulters, 1.5 s: at 20,000 faults per
// second the writer under addlock has a p99 of 3 to 4 ms; at 60,000 (40,000
// served) it completes 5 writes per second and waits for 1.4 s. Under
// invalidate-lock it keeps some 280 per second, one per handoff, and the faults
// go down to 10,000.
var FaultStorm = &Workload{
	Name: "fault-storm",
	Doc: "Faults at a given rate, whether or not they are served in time, against a direct writer: each drops a page and " +
		"loads from it again. A lock that lets adders in as long as one of them is there keeps the writer out for ever " +
		"once their fills overlap; that is starvation, and the writer's latency shows how near it is.",
	Defaults: Params{Threads: 1, Partners: 8, Block: 4 << 10, Size: 1 << 20, ResidentPct: 100, FaultRate: 60_000},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{directWriters(p), {Name: "faulter", Threads: p.Partners, Class: OpFault, Paced: true, Body: faults}}
	},
}

func faults(c *Context) {
	pace := period(c.P.FaultRate, c.Of)
	for c.Next(OpFault, pace) {
		c.Fault(0, c.Page())
	}
}
