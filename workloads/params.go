package workloads

import (
	"fmt"
	"time"

	"cohbench/core"
)

// Params sizes a workload. Every workload declares its own defaults; start
// from those and change what is to differ.
type Params struct {
	Threads  int // tasks on the direct side, or all of them where there is one side
	Partners int // tasks on the other side: loaders, storers, buffered readers, ...

	Block int   // bytes per read and write: whole pages
	Size  int64 // bytes of each file in use, from its start: whole blocks

	IODepth int // direct requests that a task of a Queued role keeps in flight; 0 or 1: one

	ReadPct     int // share of reads, in percent, where a task does both
	ResidentPct int // share of the pages in the cache when a round begins
	HolePct     int // share of the blocks that are holes when a round begins
	Layout      Layout

	Syncers  int // tasks that sync, where some do
	MsyncPct int // share of their syncs, in percent, that are an msync of a block being written

	StorePace time.Duration // from one store of a storer to its next; 0: as fast as it goes
	SyncPace  time.Duration // from one Sync to the next; 0: as fast as it goes
	LoadRate  float64       // operations per second of loaders, buffered readers and buffered writers, all together; 0: as fast as they go
	FaultRate float64       // page faults per second, all faulters together; 0: as fast as they go
	CutPace   time.Duration // from one truncation to the next; 0: as fast as it goes
	DSync     int           // 1: direct writes are on stable storage when they return (O_DSYNC)
	ColdEvery int           // of so many writes from a mapping one finds its source evicted; 0: none

	Round time.Duration // from one check at rest to the next; 0: one round

	// Rates is, by class, how many operations per second are to begin, all
	// tasks together, whether or not those before them have ended; 0: as the
	// workload has it. Latencies of the class then count from when an operation
	// was due.
	Rates   [numOps]float64 `json:",omitzero"`
	Arrival Arrival         `json:",omitzero"` // how they are spread in time
}

// A Layout is what the blocks of a file are when a round begins.
type Layout string

// The layouts. Of a file of data, HolePct of the blocks are holes even so.
const (
	LayoutWritten  Layout = ""         // data on disk
	LayoutPrealloc Layout = "prealloc" // reserved and never written: reads as zeros, the first write converts it
	LayoutHoles    Layout = "holes"    // none: the first write allocates
)

// Check says what is wrong with p.
func (p Params) Check() error {
	switch {
	case p.Threads < 1:
		return fmt.Errorf("params: threads %d: want at least 1", p.Threads)
	case p.Partners < 0 || p.Syncers < 0:
		return fmt.Errorf("params: partners %d, syncers %d: want none or more", p.Partners, p.Syncers)
	case p.Block < core.PageSize || p.Block%core.PageSize != 0:
		return fmt.Errorf("params: block %d: want whole pages of %d bytes", p.Block, core.PageSize)
	case p.Size < int64(p.Block) || p.Size%int64(p.Block) != 0:
		return fmt.Errorf("params: size %d: want whole blocks of %d bytes", p.Size, p.Block)
	case p.IODepth < 0:
		return fmt.Errorf("params: IO depth %d: want at least 1", p.IODepth)
	case p.ReadPct < 0 || p.ReadPct > 100 || p.ResidentPct < 0 || p.ResidentPct > 100:
		return fmt.Errorf("params: read %d %%, resident %d %%: want 0 to 100", p.ReadPct, p.ResidentPct)
	case p.HolePct < 0 || p.HolePct > 100 || p.MsyncPct < 0 || p.MsyncPct > 100:
		return fmt.Errorf("params: holes %d %%, msync %d %%: want 0 to 100", p.HolePct, p.MsyncPct)
	case p.StorePace < 0 || p.SyncPace < 0 || p.LoadRate < 0 || p.FaultRate < 0 || p.CutPace < 0 || p.ColdEvery < 0 || p.Round < 0:
		return fmt.Errorf("params: a negative pace, rate or round: %+v", p)
	}
	if p.DSync < 0 || p.DSync > 1 {
		return fmt.Errorf("params: dsync %d: want 0 or 1", p.DSync)
	}
	for op, rate := range p.Rates {
		if rate < 0 || rate > maxRate {
			return fmt.Errorf("params: rate of %s %g per second: want 0 to %g", Op(op), rate, maxRate)
		}
	}
	return nil
}

// maxRate is a rate that no generator keeps.
const maxRate = 1e9

// Blocks is the number of blocks in use.
func (p Params) Blocks() int64 { return p.Size / int64(p.Block) }

// sourceBase is where the sources begin, in a workload that has them: the
// upper half of the blocks.
func sourceBase(p Params) int64 { return p.Blocks() / 2 * int64(p.Block) }

// period is the time between two operations of one of n tasks which together
// do rate operations per second.
func period(rate float64, n int) time.Duration {
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(n) * float64(time.Second) / rate)
}
