package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"cohbench/bench"
	"cohbench/bench/campaigns"
	"cohbench/bench/result"
	"cohbench/core/mmu"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		back string
	}{
		{"4096", 4096, "4k"}, {"64k", 65536, "64k"}, {"64KiB", 65536, "64k"}, {"1m", 1 << 20, "1m"},
		{"3g", 3 << 30, "3g"}, {"1000", 1000, "1000"}, {"2048 k", 2 << 20, "2m"},
		{"", 0, ""}, {"k", 0, ""}, {"0", 0, ""}, {"-1", 0, ""}, {"1kb", 0, ""}, {"1.5m", 0, ""}, {"9999999999g", 0, ""},
	} {
		var s size
		if err := s.Set(c.text); (err == nil) != (c.want != 0) || int64(s) != c.want || s.String() != c.back {
			t.Errorf("%q: %d, %q, %v; want %d, %q", c.text, s, &s, err, c.want, c.back)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		report bench.Report
		want   int
		stderr string
	}{
		{"clean", bench.Report{}, 0, ""},
		{"interrupted", bench.Report{Interrupted: true, Records: make([]result.Record, 3)}, 130, "error: interrupted after 3 cases, which are kept\n"},
		{"broken", bench.Report{Verdict: bench.Verdict{Broken: []string{"x claims"}}}, 1, "error: x claims\n"},
		{"both", bench.Report{Interrupted: true, Verdict: bench.Verdict{Broken: []string{"x claims"}}}, 1, "error: x claims\n"},
	} {
		var b bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetErr(&b)
		if got := diagnose(&b, status(cmd, &c.report)); got != c.want || b.String() != c.stderr {
			t.Errorf("%s: status %d, %q; want %d, %q", c.name, got, &b, c.want, c.stderr)
		}
	}
}

// A hook is a writer that calls a function before the first write.
type hook struct {
	io.Writer
	fn func()
}

func (h hook) Write(p []byte) (int, error) {
	h.fn()
	return h.Writer.Write(p)
}

func TestInterruptWhileMeasuring(t *testing.T) {
	needLinux(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "res")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stdout, stderr bytes.Buffer
	args := []string{"run", "--engine", "raw", "--workload", "direct-write", "--size", "256k", "--duration", "20ms", "--dir", dir, "--out", out, "--json"}
	if got := run(ctx, args, hook{&stdout, cancel}, &stderr); got != statusInterrupted {
		t.Errorf("status %d, want %d\n%s", got, statusInterrupted, &stderr)
	}
	if !strings.Contains(stderr.String(), "error: interrupted after 1 cases, which are kept") {
		t.Errorf("not said:\n%s", &stderr)
	}
	if kept, err := result.Open(out); err != nil || len(kept.Records) != 1 {
		t.Errorf("kept: %v, %v", kept, err)
	}
	wantEmpty(t, dir)
}

func TestInterruptBeforeAnything(t *testing.T) {
	needLinux(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "res")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if got := run(ctx, []string{"run", "--quick", "--dir", dir, "--out", out}, &stdout, &stderr); got != statusInterrupted {
		t.Errorf("status %d, want %d\n%s", got, statusInterrupted, &stderr)
	}
	if !strings.Contains(stderr.String(), "nothing was measured") || stdout.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a directory without results was made")
	}
	wantEmpty(t, dir)
}

func TestWrap(t *testing.T) {
	got := strings.Join(wrap("one  two three four-and-a-half", 9), "|")
	if want := "one two|three|four-and-a-half"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("direct IO is for Linux only")
	}
}

// wantEmpty checks that nothing was left in dir.
func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in %s: %v, %v", dir, left, err)
	}
}

// An engine comes once for each MMU that it runs on.
func TestEnginesOnSeveralMMUs(t *testing.T) {
	o := runOptions{engines: []string{"raw", "addlock", "kernel"}}
	list, err := o.chooseEngines(mmu.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Name()+" on "+e.MMU())
	}
	want := []string{"raw on none", "addlock on soft", "kernel on kernel", "addlock on userfaultfd"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every campaign that comes with cohbench is one that can be run.
func TestCampaignsCanBeRun(t *testing.T) {
	for _, name := range campaigns.Names() {
		var o runOptions
		c := o.command()
		if err := o.loadCampaign(c, name); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o.mmus = []string{"soft"}
		if _, err := o.plan(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever fails after the measuring, on a full disk above all: where the
// records are is said.
func TestWhatWasMeasuredIsNamed(t *testing.T) {
	var out bytes.Buffer
	c := &cobra.Command{}
	c.SetOut(&out)
	c.SetErr(&out)
	o := runOptions{out: filepath.Join(t.TempDir(), "res")} // of which nothing can be read back
	if err := o.conclude(c, &bench.Report{Records: make([]result.Record, 1)}); err == nil {
		t.Error("no error")
	}
	if !strings.Contains(out.String(), "what was measured is in "+o.out) {
		t.Errorf("it says %q", &out)
	}
}
