package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestStopperWithoutPrivilege: an ordinary user, without fusermount3, is told
// what was tried and why it cannot be; auto goes on without, and says so.
func TestStopperWithoutPrivilege(t *testing.T) {
	const (
		noFaults = "userfaultfd for kernel faults: not supported: "
		noFuse   = "FUSE: not supported: "
	)
	for _, c := range []struct {
		choice string
		status int
		want   []string
	}{
		{"userfaultfd", statusEnvironment, []string{"error: --stopper userfaultfd: " + noFaults, "\nhint: run it as root, or set vm.unprivileged_userfaultfd=1"}},
		{"fuse", statusEnvironment, []string{"error: --stopper fuse: " + noFuse, "; no fusermount3(1) in PATH\nhint: run it as root, or install fusermount3"}},
		{"auto", statusClean, []string{"windows cannot be held: " + noFaults, "; " + noFuse}},
	} {
		t.Run(c.choice, func(t *testing.T) {
			if v, err := os.ReadFile("/proc/sys/vm/unprivileged_userfaultfd"); c.choice != "fuse" && (err != nil || strings.TrimSpace(string(v)) == "1") {
				t.Skip("everybody may, or nobody: ", string(v), err)
			}
			out, status := asNobody(t, "litmus", "lost-update", "--engine", "kernel", "--shots", "1", "--free", "1", "--stopper", c.choice)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// asNobody runs the command in an empty directory, as a user with no rights
// and an empty PATH.
func asNobody(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	c := &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"cohbench"}, args...), Dir: dir, Env: []string{"PATH="}}
	c.Args = append(c.Args, "--dir", ".")
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else if slices.ContainsFunc(probeStoppers(), func(a mmuAnswer) bool { return a.Available }) {
		t.Skip("this user may, and cannot become another")
	}
	text, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Skip("another user gets at no directory of this test: ", err)
	}
	wantEmpty(t, dir)
	return string(text), c.ProcessState.ExitCode()
}
