package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/bench/result"
	"cohbench/core/disk"
	"cohbench/workloads"
)

// directDir is a directory where direct IO works, or the test is skipped.
func directDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	p, err := disk.ProbeDir(dir)
	if err != nil {
		t.Skip(err)
	}
	if p.Direct == disk.Refused {
		t.Skip(p)
	}
	return dir
}

// shortPlan is a plan of a few short cases.
func shortPlan(t testing.TB, names ...string) Plan {
	return Plan{
		Dir:       directDir(t),
		Engines:   engines(t, names...),
		Workloads: []*workloads.Workload{workloads.DirectWrite},
		Threads:   []int{2},
		Size:      256 << 10,
		Duration:  20 * time.Millisecond,
		Reps:      2,
		Seed:      5,
	}
}

func newRunner(t testing.TB, p Plan) *Runner {
	t.Helper()
	r, err := NewRunner(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func dataFiles(t testing.TB, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

type steps struct {
	cases int
	texts []string
	at    func(n int)
}

func (s *steps) Start(cases int, _ time.Duration) { s.cases = cases }
func (s *steps) Step(text string) {
	s.texts = append(s.texts, text)
	if s.at != nil {
		s.at(len(s.texts))
	}
}

func TestRun(t *testing.T) {
	p := shortPlan(t, "raw", "addlock")
	r := newRunner(t, p)
	dir, err := result.Create(filepath.Join(t.TempDir(), "run"), r.Env())
	if err != nil {
		t.Fatal(err)
	}
	progress := &steps{}
	report, err := r.Run(t.Context(), dir, progress)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := len(report.Records), p.Cases(); got != want || progress.cases != want || len(progress.texts) != want {
		t.Fatalf("%d records, %d of %d steps; the plan has %d cases", got, len(progress.texts), progress.cases, want)
	}
	checkOrder(t, report.Records)
	for _, rec := range report.Records {
		if !rec.OK() || rec.Ops["direct-write"] == 0 || rec.Latency["direct-write"].P99 == 0 || rec.CPUNsPerOp == 0 || rec.Rounds == 0 {
			t.Errorf("%s rep %d: %+v", rec.Case(), rec.Rep, rec)
		}
	}
	if len(report.Verdict.Broken) != 0 {
		t.Errorf("broken: %q", report.Verdict.Broken)
	}
	checkKept(t, dir.Path, report.Records)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left := dataFiles(t, p.Dir); len(left) != 0 {
		t.Errorf("files left behind: %q", left)
	}
}

// checkOrder wants the second repetition to be the first one backwards.
func checkOrder(t *testing.T, records []result.Record) {
	t.Helper()
	for i := range records {
		a, b := records[i], records[len(records)-1-i]
		if a.Case() != b.Case() {
			t.Errorf("case %d is %s, its mirror image %s", i, a.Case(), b.Case())
		}
	}
	for _, rec := range records {
		if rec.Seed != caseSeed(5, rec.Rep, 0) {
			t.Errorf("%s rep %d: seed %d is not the repetition's", rec.Case(), rec.Rep, rec.Seed)
		}
	}
}

// checkKept reads the run directory back.
func checkKept(t *testing.T, dir string, records []result.Record) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), "\n"); got != len(records) {
		t.Errorf("%d lines kept of %d records", got, len(records))
	}
	for _, rec := range records {
		if rec.Hist["direct-write"] == "" {
			t.Errorf("%s rep %d: no histogram kept", rec.Case(), rec.Rep)
		}
	}
}

func TestRunInterrupted(t *testing.T) {
	p := shortPlan(t, "raw", "addlock")
	p.Duration = time.Minute
	r := newRunner(t, p)
	r.Plan.Duration = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	progress := &steps{at: func(n int) {
		if n == 3 { // the third case would take a minute, were it not cancelled
			r.Plan.Duration = time.Minute
			time.AfterFunc(50*time.Millisecond, cancel)
		}
	}}
	start := time.Now()
	report, err := r.Run(ctx, nil, progress)
	if err != nil || !report.Interrupted || len(report.Records) != 2 {
		t.Errorf("error %v, interrupted %v, %d records: want the two that were complete", err, report.Interrupted, len(report.Records))
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v to stop", d)
	}
}

func TestRunnerInterruptedEarly(t *testing.T) {
	p := shortPlan(t, "raw")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewRunner(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if left := dataFiles(t, p.Dir); len(left) != 0 {
		t.Errorf("files left behind: %q", left)
	}
}

func TestRunnerNoDirectory(t *testing.T) {
	p := shortPlan(t, "raw")
	p.Dir = filepath.Join(p.Dir, "missing")
	_, err := NewRunner(t.Context(), p)
	var setup *disk.SetupError
	if !errors.As(err, &setup) {
		t.Errorf("error %v, want a SetupError", err)
	}
}

// A file of the name a runner would use is not touched.
func TestRunnerNameTaken(t *testing.T) {
	p := shortPlan(t, "raw")
	taken := filepath.Join(p.Dir, fmt.Sprintf("cohbench-%d-0.dat", os.Getpid()))
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRunner(t.Context(), p); !errors.Is(err, os.ErrExist) {
		t.Errorf("error %v, want %v", err, os.ErrExist)
	}
	if text, _ := os.ReadFile(taken); string(text) != "mine" {
		t.Errorf("the file now has %q", text)
	}
}

// Cases that move the extents get new files; all others share theirs.
func TestFilesAreShared(t *testing.T) {
	fs := newFiles(&Plan{Dir: directDir(t)})
	defer fs.remove()
	path := func(w *workloads.Workload) string {
		t.Helper()
		g := group{workload: w, params: w.Defaults}
		g.params.Size = 64 << 10
		list, err := fs.backing(g)
		if err != nil || len(list) != w.Files {
			t.Fatalf("%s: %d files, %v", w.Name, len(list), err)
		}
		if err := fs.renew(g); err != nil {
			t.Fatal(err)
		}
		return list[0].Path
	}
	if a, b := path(workloads.DirectWrite), path(workloads.SelfBuffer); a != b {
		t.Errorf("two workloads use %s and %s", a, b)
	}
	if a, b := path(workloads.TruncateFault), path(workloads.TruncateFault); a == b {
		t.Errorf("a resized file is used again: %s", a)
	}
}

type failingSink struct{ err error }

func (s failingSink) Append(*result.Record, map[string]*hdrhistogram.Histogram) error { return s.err }
func (s failingSink) AddFailure(string, []byte) (string, error)                       { return "", s.err }

func TestRunSinkFails(t *testing.T) {
	r := newRunner(t, shortPlan(t, "raw"))
	full := errors.New("no space left")
	report, err := r.Run(t.Context(), failingSink{full}, nil)
	if !errors.Is(err, full) || len(report.Records) != 1 {
		t.Errorf("error %v after %d records, want %v after the first", err, len(report.Records), full)
	}
}
