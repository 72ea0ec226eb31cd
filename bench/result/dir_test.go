package result_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func TestRoundTrip(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 2, []int{8}))
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Problems) != 0 {
		t.Errorf("problems in a sound run: %v", run.Problems)
	}
	if want := resulttest.Env(2, []int{8}); !reflect.DeepEqual(run.Env, want) {
		t.Errorf("env read back is %+v, want %+v", run.Env, want)
	}
	want := resulttest.Samples(1, 2, []int{8})
	if len(run.Records) != len(want) {
		t.Fatalf("%d records read back, want %d", len(run.Records), len(want))
	}
	if !run.Complete() {
		t.Errorf("%d of %d records, and not complete", len(run.Records), run.Env.Plan.Records)
	}
	for i, got := range run.Records {
		got.Hist = nil
		if len(got.Bytes) == 0 { // omitted, for it is empty
			got.Bytes = want[i].Bytes
		}
		if !reflect.DeepEqual(got, want[i].Record) {
			t.Fatalf("record %d read back is\n%+v, want\n%+v", i, got, want[i].Record)
		}
	}
}

func TestHistogramsRoundTrip(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 2, []int{8}))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range resulttest.Samples(1, 2, []int{8}) {
		if len(run.Records[i].Hist) != len(s.Hists) {
			t.Fatalf("%s: %d histograms named, want %d", s.Case(), len(run.Records[i].Hist), len(s.Hists))
		}
		for class, want := range s.Hists {
			got, err := run.Histogram(&run.Records[i], class)
			if err != nil {
				t.Fatal(err)
			}
			if result.Summarize(got, 0) != result.Summarize(want, 0) || got.TotalCount() != want.TotalCount() {
				t.Errorf("%s rep %d %s: %+v of %d, want %+v of %d", s.Case(), s.Rep, class,
					result.Summarize(got, 0), got.TotalCount(), result.Summarize(want, 0), want.TotalCount())
			}
		}
	}
	if _, err := run.Histogram(&run.Records[0], "no-such-class"); err == nil {
		t.Error("a histogram of a class that there is not")
	}
	r := run.Records[0]
	r.Hist = map[string]string{"x": "../../etc/passwd"}
	if _, err := run.Histogram(&r, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name leading out of hist/ gave %v", err)
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "run")
	d, err := result.Create(path, result.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := result.Create(path, result.Env{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create gave %v, want ErrExist", err)
	}
}

// What was appended is in the file before the run directory is closed: a run
// that is killed keeps it.
func TestAppendLeavesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	d, err := result.Create(path, result.Env{GOMAXPROCS: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for rep := range 3 {
		r := result.Record{Engine: "raw", Workload: "w", Threads: 1, Rep: rep, Status: result.StatusOK}
		if err := d.Append(&r, nil); err != nil {
			t.Fatal(err)
		}
		run, err := result.Open(path)
		if err != nil || len(run.Records) != rep+1 {
			t.Fatalf("after %d records %d can be read (%v)", rep+1, len(run.Records), err)
		}
	}
}

func TestAddFailureNeverOverwrites(t *testing.T) {
	d, err := result.Create(filepath.Join(t.TempDir(), "run"), result.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var paths []string
	for _, text := range []string{"one", "two"} {
		path, err := d.AddFailure("dead/lock.txt", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	for i, want := range []string{"one", "two"} {
		if got, err := os.ReadFile(paths[i]); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", paths[i], got, err, want)
		}
		if filepath.Base(filepath.Dir(paths[i])) != "failures" {
			t.Errorf("%s is not in failures/", paths[i])
		}
	}
}

func TestWriteReportReplaces(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"old and longer", "new"} {
		if err := result.WriteReport(dir, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "report.html")); string(got) != "new" {
		t.Errorf("report.html holds %q", got)
	}
	if err := result.WritePlot(dir, "a.svg", []byte("<svg/>")); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "plots", "*"))
	if len(left) != 1 || !strings.HasSuffix(left[0], "a.svg") {
		t.Errorf("plots/ holds %v", left)
	}
}

func TestDistribution(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 3, []int{8}))
	if err != nil {
		t.Fatal(err)
	}
	c := run.Records[0].Case()
	d, err := run.Distribution(c, "direct-write")
	if err != nil {
		t.Fatal(err)
	}
	if d.N != 3*500 || d.Tail[0].Above != 1 || d.Tail[len(d.Tail)-1].Above != 1./1500 {
		t.Errorf("%d operations, from %+v to %+v", d.N, d.Tail[0], d.Tail[len(d.Tail)-1])
	}
	for i, q := range d.Tail[1:] {
		if q.Ns < d.Tail[i].Ns || q.Above > d.Tail[i].Above {
			t.Errorf("point %d, %+v, comes after %+v", i+1, q, d.Tail[i])
		}
	}
	if d, err := run.Distribution(c, "no-such-class"); err != nil || d.N != 0 {
		t.Errorf("a class that there is not: %+v, %v", d, err)
	}
}

// Records come in the order of measurement, and the base of benchstat -col
// /engine is whoever comes first in the file: when a run ends it is the first
// engine, and nothing is lost on the way there.
func TestFinishSortsResults(t *testing.T) {
	d, err := result.Create(filepath.Join(t.TempDir(), "run"), resulttest.Env(2, []int{1, 8}))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Finish(); err != nil {
		t.Errorf("without a record: %v", err)
	}
	samples := resulttest.Samples(1, 2, []int{1, 8})
	slices.Reverse(samples)
	for i := range samples {
		if err := d.Append(&samples[i].Record, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := benchLines(t, d)
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	after := benchLines(t, d)
	var engines []string
	for _, line := range after {
		_, engine, _ := strings.Cut(line, "/engine=")
		engine, _, _ = strings.Cut(engine, "/")
		if engine != "" && !slices.Contains(engines, engine) {
			engines = append(engines, engine)
		}
	}
	var want []string
	for _, e := range resulttest.Env(2, nil).Engines {
		want = append(want, e.Name)
	}
	if !slices.Equal(engines, want) {
		t.Errorf("engines come as %q, want %q", engines, want)
	}
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) {
		t.Error("lines were changed, and not only moved")
	}
}

func benchLines(t *testing.T, d *result.Dir) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Path, "results.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
