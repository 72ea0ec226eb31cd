package workloads

// DirectWrite is direct writers alone.
var DirectWrite = &Workload{
	Name: "direct-write",
	Doc: "Direct writers alone, each in blocks of its own: the best case of every lock. What an engine loses " +
		"against raw here is the price of its bookkeeping, and of not letting direct writes overlap.",
	Defaults: Params{Threads: 8, Block: 4 << 10, Size: 2 << 20},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{directWriters(p)}
	},
}

// directWriters is the role that most workloads share.
func directWriters(p Params) Role {
	return Role{Name: "direct writer", Threads: p.Threads, DirectOnly: true, Queued: true, Class: OpDirectWrite, Paced: true, Body: func(c *Context) {
		c.Direct(func() Access { return Access{Write: true, Off: c.OwnBlock(c.P.Size)} })
	}}
}
