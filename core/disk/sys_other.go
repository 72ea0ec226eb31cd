//go:build !linux

package disk

import (
	"os"
	"runtime"
)

// errNoDirect is why there are no direct files here.
var errNoDirect = &UnsupportedError{"O_DIRECT", "cohbench knows it on Linux only, not on " + runtime.GOOS}

func openDirect(path string) (*os.File, error) {
	return nil, &SetupError{"open for direct IO", path, errNoDirect, "run it on Linux"}
}

func claimDevice(string) (*os.File, error) { return nil, errNoDirect }

func inspect(_ *os.File, path string) Probe {
	p := mountProbe(path)
	p.Direct, p.Why = Refused, errNoDirect.Why
	return p
}

func pread(int, []byte, int64) (int, error)  { return 0, errNoDirect }
func pwrite(int, []byte, int64) (int, error) { return 0, errNoDirect }
func allocate(int, int64) error              { return errNoDirect }
func punch(int, int64, int64) error          { return errNoDirect }
func datasync(int) error                     { return errNoDirect }

func isInvalid(error) bool  { return false }
func isBusy(error) bool     { return false }
func isReadOnly(error) bool { return false }
func isFull(error) bool     { return false }
