package repro

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestCompiles takes tests that between them use every kind of operation, one
// stop, two, none, and chance.
func TestCompiles(t *testing.T) {
	for _, name := range []string{
		"lost-update", "store-and-sync-silent", "evict-in-window", "h1-splice-and-store", "buffer-in-own-file",
		"truncate-beside-store", "reflink-beside-store", "unmap-beside-fault", "direct-read-into-mapping", "h4-reflink-and-read",
		"punch-beside-store", "zero-beside-store", "readahead-beside-direct-write", "two-direct-writers-and-a-store",
	} {
		t.Run(name, func(t *testing.T) { compile(t, name, generate(t, name)) })
	}
}

// TestRuns runs the program on whatever file system temporary files are on. It
// knows the three answers only, and takes its file away.
func TestRuns(t *testing.T) {
	program := compile(t, "lost-update", generate(t, "lost-update"))
	file := filepath.Join(t.TempDir(), "file")
	out, err := exec.Command(program, file).CombinedOutput()
	t.Logf("%s", out)
	var status *exec.ExitError
	if err != nil && (!errors.As(err, &status) || status.ExitCode() != 1 && status.ExitCode() != 3) {
		t.Errorf("%v: want exit status 0, 1 or 3", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}
