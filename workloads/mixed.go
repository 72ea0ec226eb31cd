package workloads

import (
	"time"

	"cohbench/core"
)

// Mixed is every operation at once.
var Mixed = &Workload{
	Name: "mixed",
	Doc: "Every task does every operation, weighted: direct, buffered and mapped reads and writes of any block, now and " +
		"then an fsync, an msync, an eviction, a hole punched, a range zeroed, the tail truncated away and extended again. " +
		"Under a lock of the harness it is the control in which no engine may show anything.",
	Defaults: Params{Threads: 4, Block: 4 << 10, Size: 1 << 20, ReadPct: 50, ResidentPct: 50, Round: 100 * time.Millisecond},
	Files:    1,
	Resizes:  true,
	Roles: func(p Params) []Role {
		return []Role{{Name: "mixer", Threads: p.Threads, Body: mix}}
	},
}

// A weighted is an operation and how often it is chosen among its like.
type weighted struct {
	weight int
	do     func(c *Context)
}

var mixedReads = []weighted{
	{4, func(c *Context) { c.ReadDirect(0, c.Block()) }},
	{4, func(c *Context) { c.Read(0, c.Block()) }},
	{6, func(c *Context) { c.Load(0, c.Cell(0, c.P.Size)) }},
	{2, func(c *Context) { c.Fault(0, c.Page()) }},
}

var mixedWrites = []weighted{
	{30, func(c *Context) { c.WriteDirect(0, c.Block()) }},
	{20, func(c *Context) { c.Write(0, c.Block()) }},
	{40, func(c *Context) { c.Store(0, c.Cell(0, c.P.Size)) }},
	{4, func(c *Context) { c.Evict(0, c.Page(), core.PageSize) }},
	{2, func(c *Context) { c.Sync(0) }},
	{1, func(c *Context) { c.Msync(0, c.Block(), int64(c.P.Block)) }},
	{3, func(c *Context) { c.Punch(0, c.Block(), int64(c.P.Block)) }},
	{2, func(c *Context) { c.Zero(0, c.Block(), int64(c.P.Block)) }},
	{1, func(c *Context) { c.Cut(0, c.P.Size-int64(c.P.Block)) }},
}

func mix(c *Context) {
	for !c.Done() {
		if c.Rand.IntN(100) < c.P.ReadPct {
			choose(c, mixedReads)
		} else {
			choose(c, mixedWrites)
		}
	}
}

// choose does one of the operations, by weight.
func choose(c *Context, ops []weighted) {
	sum := 0
	for i := range ops {
		sum += ops[i].weight
	}
	pick := c.Rand.IntN(sum)
	for i := range ops {
		if pick -= ops[i].weight; pick < 0 {
			ops[i].do(c)
			return
		}
	}
}
