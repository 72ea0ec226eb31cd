//go:build gofuzz

package fuzz

// Fuzz is Run for go-fuzz. Inputs that say something about all operations are
// the more interesting; what is too short to hold one is not kept.
func Fuzz(data []byte) int {
	Run(data)
	if len(data) < 2+opSize {
		return -1
	}
	return 0
}
