//go:build !linux || !(amd64 || arm64)

package fusemem

import "cohbench/core/mmu"

// Stopper cannot be had.
type Stopper struct{}

// NewStopper fails.
func NewStopper() (*Stopper, error) { return nil, Probe() }

// Probe says why.
func Probe() error {
	return &mmu.UnsupportedError{Feature: "FUSE", Why: "it is used on Linux on amd64 or arm64 only"}
}

// Arm is never called, and neither are the others.
func (*Stopper) Arm([]byte, ...int64) ([]byte, error) { panic("fusemem: no Stopper") }
func (*Stopper) Wait(int) (int64, bool, error)        { panic("fusemem: no Stopper") }
func (*Stopper) Fill(int64) error                     { panic("fusemem: no Stopper") }
func (*Stopper) Empty(int64) error                    { panic("fusemem: no Stopper") }
func (*Stopper) Close() error                         { panic("fusemem: no Stopper") }
