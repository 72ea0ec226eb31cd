//go:build gofuzz

package result

// FuzzRecords is RunRead for go-fuzz.
func FuzzRecords(data []byte) int {
	RunRead(data)
	return 0
}
