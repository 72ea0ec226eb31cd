package workloads

// The source of a direct write in these workloads is a mapping. Each task has
// blocks of its own in the upper half of the source file: it stores there what
// it is about to write, stamped for the destination, and then writes from
// there. Nobody else touches a source, and nothing is checked there.

// SelfBuffer is direct writes from a mapping of the file they write.
var SelfBuffer = &Workload{
	Name: "self-buffer",
	Doc: "Direct writes whose buffer is a mapping of the file being written. Pinning the buffer faults on the mapping whose " +
		"lock the write holds: an engine without the task context deadlocks with itself as soon as a source page is not " +
		"resident; one with it says EFAULT, the task touches the page and tries again. Of ColdEvery writes one finds its " +
		"source evicted.",
	Defaults: Params{Threads: 4, Block: 4 << 10, Size: 2 << 20, ColdEvery: 8},
	Files:    1,
	Sources:  true,
	Roles:    copiers,
}

// CrossBuffer is direct writes to A from a mapping of B and the other way.
var CrossBuffer = &Workload{
	Name: "cross-buffer",
	Doc: "Two files, each written directly from a mapping of the other. A writer of A that faults on B needs B's lock while a " +
		"writer of B needs A's: without an order, or a way to let go, that is a deadlock.",
	Defaults: Params{Threads: 4, Block: 4 << 10, Size: 1 << 20, ColdEvery: 2},
	Files:    2,
	Sources:  true,
	Roles:    copiers,
}

// RingBuffer is CrossBuffer with a third file.
var RingBuffer = &Workload{
	Name:     "ring-buffer",
	Doc:      "As cross-buffer with three files, each written from a mapping of the next: the cycle has three links.",
	Defaults: Params{Threads: 6, Block: 4 << 10, Size: 1 << 20, ColdEvery: 2},
	Files:    3,
	Sources:  true,
	Roles:    copiers,
}

func copiers(p Params) []Role {
	return []Role{{Name: "copier", Threads: p.Threads, DirectOnly: true, Class: OpDirectWrite, Paced: true, Body: copyBlocks}}
}

// copyBlocks writes file i from a mapping of file i+1, round and round.
func copyBlocks(c *Context) {
	to := c.Index % c.Files()
	from := (to + 1) % c.Files()
	base := sourceBase(c.P)
	for i := 1; c.Next(OpDirectWrite, 0); i++ {
		cold := c.P.ColdEvery > 0 && i%c.P.ColdEvery == 0
		c.CopyDirect(to, c.OwnBlock(base), from, base+c.OwnBlock(c.P.Size-base), cold)
	}
}
