package workloads

// DirectWriteLoad is direct writers beside readers through a mapping.
var DirectWriteLoad = &Workload{
	Name: "direct-write+load",
	Doc: "Direct writers beside tasks that load words of the mapped file at a fixed rate. Every direct write drops " +
		"its pages and every load of such a page faults it in again: it shows what the faults cost the writers. " +
		"Loads alone leave nothing stale behind for good.",
	Defaults: Params{Threads: 4, Partners: 2, Block: 4 << 10, Size: 1 << 20, ResidentPct: 100, LoadRate: 10_000},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{directWriters(p), {Name: "loader", Threads: p.Partners, Class: OpLoad, Paced: true, Body: loads}}
	},
}

func loads(c *Context) {
	pace := period(c.P.LoadRate, c.Of)
	for c.Next(OpLoad, pace) {
		c.Load(0, c.Cell(0, c.P.Size))
	}
}
