package disk_test

import (
	"fmt"

	"cohbench/core/disk"
	"cohbench/core/sched"
)

// The second write to the first page fails after its first sector.
func ExampleFaulty() {
	t := sched.NewGroup().Thread("example")
	d := disk.NewFaulty(disk.NewMemory(1<<20),
		disk.Rule{Ops: disk.OpWrite, Len: 4096, After: 1, Count: 1, Short: 512})
	p := disk.Block(4096)
	for range 3 {
		n, err := d.WriteAt(t, p, 0)
		fmt.Println(n, err)
	}
	// Output:
	// 4096 <nil>
	// 512 write [0x0, 0x1000): input/output error (injected)
	// 4096 <nil>
}
