package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cohbench/bench/result"
)

// TestPlacesThatWillNotDo has directories in which a run cannot be made.
func TestPlacesThatWillNotDo(t *testing.T) {
	for _, c := range []struct {
		name, fsType, data string
		flags              uintptr
		want, hint         string
	}{
		{"full", "tmpfs", "size=1m", 0, "error: reserve 4 MiB for data file", "hint: free some space"},
		{"read-only", "tmpfs", "", syscall.MS_RDONLY, "read-only file system", "hint: name a directory on a file system mounted read-write"},
		{"no direct IO", "ramfs", "", 0, "the file system ramfs refuses it", "hint: name a directory on a file system with O_DIRECT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := mount(t, c.fsType, c.flags, c.data)
			out := filepath.Join(t.TempDir(), "res")
			var stdout, stderr bytes.Buffer
			args := []string{"run", "--workload", "direct-write", "--engine", "raw", "--size", "4m", "--dir", dir, "--out", out}
			if got := run(context.Background(), args, &stdout, &stderr); got != statusEnvironment {
				t.Errorf("status %d, want %d", got, statusEnvironment)
			}
			if s := stderr.String(); !strings.Contains(s, c.want) || !strings.Contains(s, c.hint) {
				t.Errorf("stderr:\n%swant %q and %q", s, c.want, c.hint)
			}
			if _, err := os.Stat(out); err == nil || stdout.Len() > 0 {
				t.Errorf("results of nothing: %v, %q", err, &stdout)
			}
			wantEmpty(t, dir)
		})
	}
}

func TestBufferedPlaceIsLabelled(t *testing.T) {
	dir := mount(t, "tmpfs", 0, "")
	out := filepath.Join(t.TempDir(), "res")
	var stdout, stderr bytes.Buffer
	args := []string{"run", "--workload", "direct-write", "--engine", "raw", "--size", "256k", "--duration", "20ms", "--reps", "1", "--dir", dir, "--out", out}
	switch got := run(context.Background(), args, &stdout, &stderr); got {
	case statusClean:
	case statusEnvironment:
		t.Skipf("tmpfs has no O_DIRECT here: %s", &stderr)
	default:
		t.Fatalf("status %d\n%s", got, &stderr)
	}
	if !strings.Contains(stderr.String(), "warning: direct IO in "+dir+" goes through the page cache") {
		t.Errorf("no warning:\n%s", &stderr)
	}
	if !strings.Contains(stdout.String(), "buffered") {
		t.Errorf("the table has no label:\n%s", &stdout)
	}
	if kept, err := result.Open(out); err != nil || kept.Env.IO != "buffered" || kept.Records[0].IO != "buffered" {
		t.Errorf("the results have no label: %v, %v", kept, err)
	}
}

// mount mounts a file system for the test, which is skipped where that is not
// allowed.
func mount(t *testing.T, fsType string, flags uintptr, data string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("cohbench-test", dir, fsType, flags, data); err != nil {
		t.Skipf("cannot mount a %s: %v", fsType, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}
