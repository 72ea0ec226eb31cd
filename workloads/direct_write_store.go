package workloads

import (
	"time"

	"cohbench/core"
)

// DirectWriteStore is direct writers beside stores to the pages they write:
// the workload that corrupts.
//
// The defaults are those under which double-invalidate loses most, measured on
// ext4, virtio, 2 cores shared with other work, 50 rounds of 20 ms, three runs
// or more each: 8 to 31 rounds lose with blocks of 8 KiB; 6 to 11 with 16 KiB;
// 3 to 8 with one writer of 64 KiB on 1 MiB and stores at 100 us; 0 to 1 with
// one storer and 64 KiB on 256 KiB. More storers matter more than their pace,
// because each of them comes in bursts (see pacer).
var DirectWriteStore = &Workload{
	Name: "direct-write+store",
	Doc: "Direct writers, tasks that store to single words of the very pages being written, and a task that syncs. " +
		"A store in the window between a direct write's invalidation and its completion reads the old page and makes " +
		"it dirty; its write-back then undoes the direct write, with EIO from the next sync, or silently if the " +
		"write-back was quick. Rounds are short, because the next write of the block hides the loss.",
	Defaults: Params{
		Threads: 2, Partners: 4, Block: 8 << 10, Size: 256 << 10,
		StorePace: 20 * time.Microsecond, Syncers: 1, SyncPace: 5 * time.Millisecond, Round: 20 * time.Millisecond,
	},
	Files: 1,
	Roles: func(p Params) []Role {
		return []Role{
			directWriters(p),
			{Name: "storer", Threads: p.Partners, Class: OpStore, Paced: true, Body: storesToHotPages},
			{Name: "syncer", Threads: p.Syncers, Class: OpSync, Paced: true, Body: syncs},
		}
	},
}

// storesToHotPages stores to a word of a page that is being written, and
// looks at another one of the same page: if the page is a stale one, that
// word has gone back in time.
func storesToHotPages(c *Context) {
	for c.Next(OpStore, c.P.StorePace) {
		page := c.HotBlock() + c.Rand.Int64N(int64(c.P.Block)/core.PageSize)*core.PageSize
		c.Store(0, c.Cell(page, core.PageSize))
		c.Load(0, c.Cell(page, core.PageSize))
	}
}

// syncs is fsync of the file or msync of a block that is being written: the
// one is what a careful application does, the other writes back just the pages
// that are in the way of a direct write.
func syncs(c *Context) {
	for c.Next(OpSync, c.P.SyncPace) {
		if c.Rand.IntN(100) < c.P.MsyncPct {
			c.Msync(0, c.HotBlock(), int64(c.P.Block))
		} else {
			c.Sync(0)
		}
	}
}
