package workloads

import "time"

// BufferedWrite is buffered writers alone: a control.
var BufferedWrite = &Workload{
	Name: "buffered-write",
	Doc: "Buffered writers alone, of any block. The inode lock puts them in order, so no engine and no kernel may show " +
		"anything: it calibrates the oracle.",
	Defaults: Params{Threads: 4, Block: 4 << 10, Size: 1 << 20, ResidentPct: 50, Round: 200 * time.Millisecond},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{{Name: "buffered writer", Threads: p.Threads, Class: OpBufferedWrite, Paced: true, Body: func(c *Context) {
			for c.Next(OpBufferedWrite, 0) {
				c.Write(0, c.Block())
			}
		}}}
	},
}

// DirectOnly is direct readers and writers alone: a control.
var DirectOnly = &Workload{
	Name: "direct-only",
	Doc: "Direct reads and writes of any block, overlapping, with nothing in the cache. No engine may show anything, raw " +
		"included: it calibrates the oracle against the disk.",
	Defaults: Params{Threads: 8, Block: 4 << 10, Size: 1 << 20, ReadPct: 50, Round: 200 * time.Millisecond},
	Files:    1,
	Roles: func(p Params) []Role {
		return []Role{{Name: "direct", Threads: p.Threads, DirectOnly: true, Queued: true, Body: func(c *Context) {
			c.Direct(func() Access {
				write := c.Rand.IntN(100) >= c.P.ReadPct
				return Access{Write: write, Off: c.Block()}
			})
		}}}
	},
}
