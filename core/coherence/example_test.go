package coherence_test

import (
	"fmt"

	"cohbench/core/coherence"
)

func ExampleAll() {
	for _, p := range coherence.All() {
		fmt.Printf("%-20s coherent: %-5v no deadlock: %v\n", p.Name, p.Claims.Coherent, p.Claims.DeadlockFree)
	}
	// Output:
	// addlock              coherent: true  no deadlock: true
	// addlock-vfs-extent   coherent: true  no deadlock: true
	// pin-first            coherent: true  no deadlock: true
	// fault-in-and-retry   coherent: true  no deadlock: true
	// fdm-hash             coherent: false no deadlock: false
	// invalidate-lock      coherent: true  no deadlock: true
	// double-invalidate    coherent: false no deadlock: false
	// none                 coherent: false no deadlock: false
	// addlock-nofdm        coherent: false no deadlock: false
	// invalidate-lock-wide coherent: false no deadlock: false
}
