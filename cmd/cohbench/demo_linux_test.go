package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cohbench/core/disk"
)

// recursionRuns is the condition [kernelfaults] of scripts.
func recursionRuns() bool {
	p, err := disk.ProbeDir(os.TempDir())
	return err == nil && strings.HasSuffix(demoText(probeKernelFaults(), p), "can run here")
}

// TestDemoWithoutPrivilege: an ordinary user is told what was tried, why it
// cannot be, and what to do.
func TestDemoWithoutPrivilege(t *testing.T) {
	if v, err := os.ReadFile("/proc/sys/vm/unprivileged_userfaultfd"); err != nil || strings.TrimSpace(string(v)) == "1" {
		t.Skip("everybody may, or nobody: ", string(v), err)
	}
	c := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"cohbench", "demo", "recursion"}, Dir: "/"}
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else if probeKernelFaults().Available {
		t.Skip("this user may, and cannot become another")
	}
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != statusEnvironment {
		t.Errorf("%v, not status %d", err, statusEnvironment)
	}
	for _, want := range []string{"error: demo recursion: tried userfaultfd(2): ", "not supported: ", "\nhint: run it as root"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestDemoOnBufferedPlace: where direct IO is none, the kernel would copy.
func TestDemoOnBufferedPlace(t *testing.T) {
	if a := probeKernelFaults(); !a.Available {
		t.Skip(a.Why)
	}
	dir := mount(t, "tmpfs", 0, "")
	c := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"cohbench", "demo", "recursion", "--dir", dir}}
	out, _ := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != statusEnvironment || !strings.Contains(string(out), "the kernel would not pin the buffer") {
		t.Errorf("%v:\n%s", c.ProcessState, out)
	}
	wantEmpty(t, dir)
}
