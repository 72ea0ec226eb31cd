package mmu

import (
	"errors"
	"fmt"
)

// UnsupportedError says that this machine lacks a feature. It Is
// errors.ErrUnsupported.
type UnsupportedError struct {
	Feature string // what was asked for
	Why     string // why it cannot be had
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s: not supported: %s", e.Feature, e.Why)
}

// Is makes errors.Is(err, errors.ErrUnsupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }
