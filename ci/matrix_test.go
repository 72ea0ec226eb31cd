package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestMatrixSweepsAfterAKill kills the matrix in the middle of a measurement.
// The next run removes what is left of it, and nothing else.
func TestMatrixSweepsAfterAKill(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command twice")
	}
	if os.Getuid() != 0 {
		t.Skip("the matrix wants root")
	}
	base := t.TempDir()
	matrix := func(out string) *exec.Cmd {
		c := exec.Command("./kernel-matrix.sh", "--short", "--seconds", "1", "--out", filepath.Join(base, out), "tmpfs")
		c.Env = append(os.Environ(), "TMPDIR="+base)
		return c
	}
	works := func() []string {
		dirs, err := filepath.Glob(filepath.Join(base, "cohbench-matrix-work-*"))
		if err != nil {
			t.Fatal(err)
		}
		return dirs
	}
	others := filepath.Join(base, "cohbench-matrix-work-of-others")
	if err := os.Mkdir(others, 0o777); err != nil {
		t.Fatal(err)
	}

	killed := matrix("killed")
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the matrix does not begin to measure", func() bool {
		tables, _ := filepath.Glob(filepath.Join(base, "cohbench-matrix-work-*", "table"))
		return tables != nil // cohbench runs
	})
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Wait(); err == nil || killed.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("not killed: %v", err)
	}
	if n := len(works()); n != 2 {
		t.Fatalf("%d work directories after the kill, want that of the run and that of others", n)
	}

	left := slices.DeleteFunc(works(), func(dir string) bool { return dir == others })[0]
	waitForLock(t, filepath.Join(left, ".cohbench-matrix"))
	next := matrix("next")
	if err := next.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "what was killed is still there", func() bool { return !slices.Contains(works(), left) })
	if err := next.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := next.Wait(); next.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("the next run, terminated: %v", err)
	}
	if dirs := works(); !slices.Equal(dirs, []string{others}) {
		t.Errorf("left behind: %v", dirs)
	}
}

// until waits for a condition.
func until(t *testing.T, otherwise string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > 2*time.Minute {
			t.Fatal(otherwise)
		}
	}
}

// waitForLock waits until nobody holds the lock of a run: what it had started
// ends a little later than the run that was killed.
func waitForLock(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	until(t, "somebody holds "+path, func() bool { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil })
}
