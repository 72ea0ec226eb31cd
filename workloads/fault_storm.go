package workloads

// FaultStorm is a direct writer against page faults at a given rate.
var FaultStorm = &Workload{
	Name: "fault-storm",
	Doc: "Faults at a given rate, whether or not they are served in time, against a direct writer: each drops a page and " +
		"loads from it again. A lock that lets adders in as long as one of them is there keeps the writer out for ever " +
		"once their fills overlap; that is starvation, and the writer's latency shows how near it is.",
	Defaults: Params{Threads: 1, Partners: 4, Block: 4 << 10, Size: 1 << 20, ResidentPct: 100, FaultRate: 20_000},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{directWriters(p), {Name: "faulter", Threads: p.Partners, Body: faults}}
	},
}

func faults(c *Context) {
	pace := period(c.P.FaultRate, c.Of)
	for c.Pace(OpFault, pace); !c.Done(); c.Pace(OpFault, pace) {
		c.Fault(0, c.Page())
	}
}
