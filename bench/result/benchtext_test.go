package result_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

// Every line of results.txt is one that the format knows: key: value, Unit, or
// a benchmark with its iterations and pairs of value and unit.
func TestBenchTextLines(t *testing.T) {
	config := regexp.MustCompile(`^[a-z][^ :]*: .+$`)
	unit := regexp.MustCompile(`^Unit [^ ]+ (better=(higher|lower)|assume=(exact|nothing))$`)
	bench := regexp.MustCompile(`^Benchmark[A-Z][a-z]+(/[a-z]+=[^ /]+)+-8\t[1-9][0-9]*(\t-?[0-9.e+]+ [a-z0-9/-]+)+$`)
	text, err := os.ReadFile(filepath.Join(resulttest.Write(t, 1, 2, []int{8}), "results.txt"))
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case config.MatchString(line):
			counts["config"]++
		case unit.MatchString(line):
			counts["unit"]++
		case bench.MatchString(line):
			counts["bench"]++
		default:
			t.Errorf("not Go benchmark format: %q", line)
		}
	}
	if counts["config"] < 5 || counts["unit"] < 10 || counts["bench"] < 2*len(resulttest.Samples(1, 2, []int{8})) {
		t.Errorf("too few lines: %v", counts)
	}
}

func TestBenchTextOfFailedCase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	d, err := result.Create(path, result.Env{GOMAXPROCS: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := result.Record{Engine: "addlock nofdm/x", Workload: "w", Threads: 2, Status: result.StatusDeadlock,
		Ops: map[string]int64{"direct-write": 10}, Rate: map[string]float64{"direct-write": 1000}}
	if err := d.Append(&r, nil); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(filepath.Join(path, "results.txt"))
	want := "BenchmarkCase/workload=w/engine=addlock_nofdm_x/threads=2-2\t10\t0 stale-reads\t0 loss-rounds\t0 broken-cells\t1 failed-runs\n"
	if !strings.HasSuffix(string(text), want) || strings.Contains(string(text), "BenchmarkOp") {
		t.Errorf("results.txt of a deadlock is\n%swant only\n%s", text, want)
	}
}
