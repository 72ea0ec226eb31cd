package sequential_test

import "cohbench/fuzz/sequential"

// Engine 1, an empty file; task 0 stores to the first word, beyond the end:
// that must be a SIGBUS, and it is, so Run returns.
func ExampleRun() {
	sequential.Run([]byte{1, 0, 9, 0, 0, 0})
	// Output:
}
