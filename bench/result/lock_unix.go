//go:build unix

package result

import (
	"fmt"
	"os"
	"syscall"
)

// lockFile makes f the caller's until it is closed or its process ends,
// however that may end (flock(2)). It does not wait.
func lockFile(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%w (flock: %w)", ErrInUse, err)
	}
	return nil
}
