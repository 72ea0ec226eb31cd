package result_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"cohbench/bench/result/resulttest"
)

// results.txt as benchstat reads it.
func TestBenchTextParses(t *testing.T) {
	f, err := os.Open(filepath.Join(resulttest.Write(t, 1, 6, []int{1, 8}), "results.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader := benchfmt.NewReader(f, "results.txt")
	lines, rates := 0, map[string]float64{}
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(rec)
		case *benchfmt.Result:
			lines++
			if v, ok := rec.Value("ops/s"); ok {
				rates[rec.Name.String()] = v
			}
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	samples := resulttest.Samples(1, 6, []int{1, 8})
	if lines < 2*len(samples) {
		t.Errorf("%d benchmark lines of %d records", lines, len(samples))
	}
	checkRates(t, samples, rates)
	units := reader.Units()
	for unit, better := range map[string]int{"ops/s": 1, "p99-latency-ns": -1, "stale-reads": -1, "exposures": 0} {
		if got := units.GetBetter(unit); got != better {
			t.Errorf("%s: better is %d, want %d", unit, got, better)
		}
	}
	if got := units.GetAssumption("stale-reads").SummaryLabel(); got != "exact" {
		t.Errorf("stale-reads are assumed %s", got)
	}
}

// checkRates compares the last repetition's rates with those parsed by name.
func checkRates(t *testing.T, samples []resulttest.Sample, rates map[string]float64) {
	t.Helper()
	for _, s := range samples {
		if s.Rep != 5 || s.Pair != 0 || s.Rate["direct-write"] == 0 {
			continue
		}
		found := false
		for name, v := range rates {
			if strings.Contains(name, s.Case().String()) || matches(name, s) {
				found = found || almost(v, s.Rate["direct-write"])
			}
		}
		if !found {
			t.Errorf("rate %g of %s is not in results.txt", s.Rate["direct-write"], s.Case())
		}
	}
}

func matches(name string, s resulttest.Sample) bool {
	return strings.Contains(name, "/workload="+s.Workload+"/engine="+s.Engine+"/")
}

func almost(a, b float64) bool { return a > b*(1-1e-5) && a < b*(1+1e-5) }
