//go:build !linux || !(amd64 || arm64)

package mmu

// inFlight is empty: no access here is a CPU instruction on a real mapping.
type inFlight struct{}

// OSThread is 0: no access takes a fault that a message tells of.
func (c *CPU) OSThread() int { return 0 }

// ProbeUserfaultfd says what is missing.
func ProbeUserfaultfd(UserfaultfdConfig) error {
	return &UnsupportedError{"userfaultfd", "it needs Linux on amd64 or arm64"}
}

// NewUserfaultfd fails.
func NewUserfaultfd(cfg UserfaultfdConfig) (Memory, error) { return nil, ProbeUserfaultfd(cfg) }
