package workloads

import "time"

// DirectReadBufferedWrite is direct readers beside buffered writers.
var DirectReadBufferedWrite = &Workload{
	Name: "direct-read+buffered-write",
	Doc: "Direct readers beside buffered writers of the same blocks at a fixed rate. A direct read writes back what is " +
		"dirty and then reads the disk, so it must see every buffered write that had returned.",
	Defaults: Params{
		Threads: 4, Partners: 2, Block: 4 << 10, Size: 1 << 20, ResidentPct: 100, LoadRate: 5_000,
		Round: 200 * time.Millisecond,
	},
	Files: 1,
	Roles: func(p Params) []Role {
		return []Role{
			{Name: "direct reader", Threads: p.Threads, DirectOnly: true, Class: OpDirectRead, Paced: true, Body: directReads},
			{Name: "buffered writer", Threads: p.Partners, Class: OpBufferedWrite, Paced: true, Body: bufferedWrites},
		}
	},
}

func directReads(c *Context) {
	for c.Next(OpDirectRead, 0) {
		c.ReadDirect(0, c.Block())
	}
}

func bufferedWrites(c *Context) {
	pace := period(c.P.LoadRate, c.Of)
	for c.Next(OpBufferedWrite, pace) {
		c.Write(0, c.Block())
	}
}
