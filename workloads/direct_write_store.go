package workloads

import (
	"time"

	"cohbench/core"
)

// DirectWriteStore is direct writers beside stores to the pages they write:
// the workload that corrupts.
var DirectWriteStore = &Workload{
	Name: "direct-write+store",
	Doc: "Direct writers, tasks that store to single words of the very pages being written, and a task that syncs. " +
		"A store in the window between a direct write's invalidation and its completion reads the old page and makes " +
		"it dirty; its write-back then undoes the direct write, with EIO from the next sync, or silently if the " +
		"write-back was quick. Rounds are short, because the next write of the block hides the loss.",
	Defaults: Params{
		Threads: 2, Partners: 1, Block: 64 << 10, Size: 256 << 10,
		StorePace: 20 * time.Microsecond, SyncPace: 5 * time.Millisecond, Round: 20 * time.Millisecond,
	},
	Files: 1,
	Roles: func(p Params) []Role {
		return []Role{
			directWriters(p),
			{Name: "storer", Threads: p.Partners, Body: storesToHotPages},
			{Name: "syncer", Threads: 1, Body: syncs},
		}
	},
}

// storesToHotPages stores to a word of a page that is being written, and
// looks at another one of the same page: if the page is a stale one, that
// word has gone back in time.
func storesToHotPages(c *Context) {
	for c.Pace(OpStore, c.P.StorePace); !c.Done(); c.Pace(OpStore, c.P.StorePace) {
		page := c.HotBlock() + c.Rand.Int64N(int64(c.P.Block)/core.PageSize)*core.PageSize
		c.Store(0, c.Cell(page, core.PageSize))
		c.Load(0, c.Cell(page, core.PageSize))
	}
}

func syncs(c *Context) {
	for c.Pace(OpSync, c.P.SyncPace); !c.Done(); c.Pace(OpSync, c.P.SyncPace) {
		c.Sync(0)
	}
}
