package repro

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// TestRaces runs a program that leaves the order to chance: what each of its
// many rounds ends with is summed up, not printed.
func TestRaces(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	program := compile(t, "punch-beside-store", generate(t, "punch-beside-store"))
	out, err := exec.Command(program, filepath.Join(t.TempDir(), "file"), "1").CombinedOutput()
	var status *exec.ExitError
	if errors.As(err, &status) && status.ExitCode() == 3 {
		t.Skipf("%s", out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) > 8 || !strings.Contains(string(out), " rounds\nfsync of A at the end: success in ") {
		t.Errorf("%d lines, want a few:\n%.2000s", len(lines), out)
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
