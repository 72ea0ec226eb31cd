//go:build !linux || !(amd64 || arm64)

package mmu

// Stopper cannot be had.
type Stopper struct{}

// NewStopper fails.
func NewStopper() (*Stopper, error) {
	return nil, &UnsupportedError{"userfaultfd for kernel faults", "it needs Linux on amd64 or arm64"}
}

// Arm is never called, and neither are the others.
func (*Stopper) Arm([]byte, ...int64) ([]byte, error) { panic("mmu: no Stopper") }
func (*Stopper) Wait(int) (int64, bool, error)        { panic("mmu: no Stopper") }
func (*Stopper) Fill(int64) error                     { panic("mmu: no Stopper") }
func (*Stopper) Empty(int64) error                    { panic("mmu: no Stopper") }
func (*Stopper) Close() error                         { panic("mmu: no Stopper") }
