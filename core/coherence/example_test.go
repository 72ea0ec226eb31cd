package coherence_test

import (
	"fmt"

	"cohbench/core/coherence"
)

func ExampleAll() {
	for _, p := range coherence.All() {
		fmt.Printf("%-19s coherent: %-5v no deadlock: %v\n", p.Name, p.Claims.Coherent, p.Claims.DeadlockFree)
	}
	// Output:
	// addlock             coherent: true  no deadlock: true
	// addlock-vfs-extent  coherent: true  no deadlock: true
	// invalidate-lock     coherent: true  no deadlock: true
	// double-invalidate   coherent: false no deadlock: false
	// none                coherent: false no deadlock: false
	// addlock-nofdm       coherent: false no deadlock: false
}
