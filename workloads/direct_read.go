package workloads

// DirectRead is direct readers alone.
var DirectRead = &Workload{
	Name: "direct-read",
	Doc: "Direct readers alone, of any block: no engine has anything to invalidate or to wait for. What one loses against " +
		"raw here is what its bookkeeping costs a read.",
	Defaults: Params{Threads: 8, Block: 4 << 10, Size: 2 << 20},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{{Name: "direct reader", Threads: p.Threads, DirectOnly: true, Queued: true, Class: OpDirectRead, Paced: true, Body: func(c *Context) {
			c.Direct(func() Access { return Access{Off: c.Block()} })
		}}}
	},
}
