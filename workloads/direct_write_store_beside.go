package workloads

import "time"

// DirectWriteStoreBeside is direct writers beside stores to other pages.
var DirectWriteStoreBeside = &Workload{
	Name: "direct-write+store-beside",
	Doc: "As direct-write+store, but nobody stores to a block that is written directly: the writers have the even blocks, the " +
		"storers the odd one beside the block being written. A cache of single pages has nothing to confuse, so no model " +
		"engine may show anything. Where a kernel caches both blocks as one large folio (kernel-huge asks for that), a store " +
		"to one makes the other dirty too, and its write-back undoes the direct write.",
	Defaults: Params{
		Threads: 2, Partners: 2, Block: 4 << 10, Size: 256 << 10,
		StorePace: 20 * time.Microsecond, Syncers: 1, SyncPace: 5 * time.Millisecond, Round: 50 * time.Millisecond,
	},
	Files:     1,
	MinBlocks: 2,
	Roles: func(p Params) []Role {
		return []Role{
			{Name: "direct writer", Threads: p.Threads, DirectOnly: true, Class: OpDirectWrite, Paced: true, Body: writesOfEvenBlocks},
			{Name: "storer", Threads: p.Partners, Class: OpStore, Paced: true, Body: storesToOddBlocks},
			{Name: "syncer", Threads: p.Syncers, Class: OpSync, Paced: true, Body: syncs},
		}
	},
}

func writesOfEvenBlocks(c *Context) {
	for c.Next(OpDirectWrite, 0) {
		c.WriteDirect(0, 2*c.OwnBlock(c.P.Size/2))
	}
}

// storesToOddBlocks stores beside the block that is being written, and looks
// whether that has gone back in time.
func storesToOddBlocks(c *Context) {
	block := int64(c.P.Block)
	for c.Next(OpStore, c.P.StorePace) {
		pair := c.HotBlock() / (2 * block) * (2 * block)
		if pair+2*block > c.P.Size {
			pair = 0 // of an odd number of blocks the last has none beside it
		}
		c.Store(0, c.Cell(pair+block, block))
		c.Load(0, c.Cell(pair, block))
	}
}
