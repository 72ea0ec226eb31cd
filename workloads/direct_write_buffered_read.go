package workloads

// DirectWriteBufferedRead is direct writers beside buffered readers.
var DirectWriteBufferedRead = &Workload{
	Name: "direct-write+buffered-read",
	Doc: "Direct writers beside buffered readers of the same blocks at a fixed rate. At bcachefs' extent a reader holds " +
		"the lock over its whole call, at the VFS' only while it fills a page.",
	Defaults: Params{Threads: 4, Partners: 2, Block: 4 << 10, Size: 1 << 20, ResidentPct: 100, LoadRate: 10_000},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{directWriters(p), {Name: "buffered reader", Threads: p.Partners, Class: OpBufferedRead, Paced: true, Body: bufferedReads}}
	},
}

func bufferedReads(c *Context) {
	pace := period(c.P.LoadRate, c.Of)
	for c.Next(OpBufferedRead, pace) {
		c.Read(0, c.Block())
	}
}
