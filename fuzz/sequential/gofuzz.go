//go:build gofuzz

package sequential

// Fuzz is Run for go-fuzz. An input too short to hold an operation is not
// worth keeping.
func Fuzz(data []byte) int {
	Run(data)
	if len(data) < 2+opSize {
		return -1
	}
	return 0
}
