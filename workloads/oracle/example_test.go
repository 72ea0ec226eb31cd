package oracle_test

import (
	"fmt"

	"cohbench/workloads/oracle"
)

// A page is written twice, and a read that began later still shows the first
// write, as through a page cache that nobody shot down.
func Example() {
	now := int64(0) // the workload's clock, in ns
	f := oracle.New(oracle.Config{Name: "data", Size: 1 << 20, Now: func() int64 { return now }})
	w, r := f.Writer(1), f.Reader()

	cached := make([]byte, 4096)
	w.Begin(8192, 4096)
	w.Fill(cached, 8192)
	// ... write(cached, 8192) ...
	w.End(now)

	now = 1000
	disk := make([]byte, 4096)
	w.Begin(8192, 4096)
	w.Fill(disk, 8192)
	// ... write(disk, 8192) ...
	w.End(now)

	now = 5000
	r.Begin(8192, 4096)
	fmt.Println(r.Check(disk))
	r.Begin(8192, 4096)
	fmt.Println(r.Check(cached))
	fmt.Println(r.Violations[0])
	fmt.Println(r.Counts.Stale, "cells in", r.Counts.StaleEvents, "page")
	// Output:
	// ok
	// stale
	// stale: data+0x2000 (512 cells): write 1.1, ended by tick 2, superseded by writer 1 from tick 3 on; behind by at least 1, for 4000 ns
	// 512 cells in 1 page
}

// At quiesce the views of a range are compared with what was written, and with
// each other.
func ExampleReader_Final() {
	f := oracle.New(oracle.Config{Size: 4096})
	w, r := f.Writer(1), f.Reader()
	p := make([]byte, 4096)
	w.Begin(0, 4096)
	w.Fill(p, 0)
	w.End(0)

	hole := make([]byte, 4096)
	fmt.Println(r.Final(0, oracle.Views{Direct: p, Buffered: p, Mapped: p}))
	fmt.Println(r.Final(0, oracle.Views{Direct: p, Buffered: hole}))
	fmt.Println(r.Final(0, oracle.Views{Direct: hole, SyncFailed: true}))
	fmt.Println(r.Final(0, oracle.Views{Direct: hole}))
	// Output:
	// ok
	// incoherent
	// lost
	// lost, silently lost
}
