//go:build gofuzz

package fuzz

// The targets of go-fuzz: go-fuzz-build takes one with -func.

var target = NewTarget()

// FuzzPolicies is Target.Run. An input without an operation is not worth
// keeping.
func FuzzPolicies(data []byte) int {
	target.Run(data)
	if Decode(data).Size() == 0 {
		return -1
	}
	return 0
}

// FuzzLocks is RunLocks.
func FuzzLocks(data []byte) int {
	RunLocks(data)
	return 0
}

// FuzzParser is RunParser.
func FuzzParser(data []byte) int {
	RunParser(data)
	return 0
}
