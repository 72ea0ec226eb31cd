package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		stderr string
		args   []string
	}{
		{"help", statusValid, "-rounds", []string{"-help"}},
		{"unknown flag", statusUsage, "not defined", []string{"-bogus"}},
		{"no rounds", statusUsage, "at least one round", []string{"-rounds", "0"}},
		{"surplus", statusUsage, "nothing besides", []string{"surplus"}},
		{"no setting", statusUsage, `-only "bogus": no setting`, []string{"-only", "bogus"}},
	} {
		var stdout, stderr strings.Builder
		if status := run(t.Context(), c.args, &stdout, &stderr); status != c.status || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%s: status %d, %q; want %d, %q", c.name, status, stderr.String(), c.status, c.stderr)
		}
	}
}

// Without fio the status says so, and nothing is left behind.
func TestNoFio(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{"-dir", dir, "-out", filepath.Join(dir, "runs.jsonl")}, &stdout, &stderr)
	if status != statusEnvironment || !strings.Contains(stderr.String(), "fio is not installed") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
