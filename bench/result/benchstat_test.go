package result_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cohbench/bench/result/resulttest"
)

// results.txt needs no help to be compared by engine: benchstat -col /engine,
// of the version in go.mod.
func TestBenchstatReadsIt(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	run := resulttest.Write(t, 1, 10, []int{8})
	rows := benchstat(t, "-format", "csv", "-col", "/engine", filepath.Join(run, "results.txt"))
	var engines []string
	rate := -1 // the first row with rates
	for i, row := range rows {
		switch {
		case len(row) > 1 && row[1] == "raw":
			engines = row
		case len(row) > 1 && row[1] == "ops/s":
			rate = i
		}
		if rate >= 0 {
			break
		}
	}
	if rate < 0 || !slices.Contains(engines, "addlock") || !slices.Contains(engines, "invalidate-lock") {
		t.Fatalf("no table of rates by engine: %q", rows[:min(len(rows), 20)])
	}
	for _, row := range rows[rate+1:] {
		if strings.HasPrefix(row[0], "Op/workload=direct-write/") && !strings.Contains(row[0], "pair=") {
			for _, engine := range []string{"raw", "invalidate-lock"} {
				checkMedian(t, engine, row[slices.Index(engines, engine)])
			}
			return
		}
	}
	t.Errorf("no row of workload direct-write in %q", rows[rate:])
}

// benchstat runs it; what it prints is CSV.
func benchstat(t *testing.T, args ...string) [][]string {
	t.Helper()
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Skip(err)
	}
	var stdout, stderr bytes.Buffer
	c := exec.Command(goCmd, append([]string{"run", "golang.org/x/perf/cmd/benchstat"}, args...)...)
	c.Env = append(os.Environ(), "GOPROXY=off")
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		if strings.Contains(stderr.String(), "GOPROXY=off") {
			t.Skipf("benchstat is not in the module cache: %s", &stderr)
		}
		t.Fatalf("%v: %v\n%s", c, err, &stderr)
	}
	r := csv.NewReader(&stdout)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func checkMedian(t *testing.T, engine, cell string) {
	t.Helper()
	got, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatal(err)
	}
	var rates []float64
	for _, r := range resulttest.Records(1, 10, []int{8}) {
		if r.Engine == engine && r.Workload == "direct-write" && r.Pair == 0 {
			rates = append(rates, r.Rate["direct-write"])
		}
	}
	slices.Sort(rates)
	if want := (rates[4] + rates[5]) / 2; !almost(got, want) {
		t.Errorf("%s: benchstat says %g ops/s, the median is %g", engine, got, want)
	}
}
