package bench_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"cohbench/bench"
	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/workloads"
)

// Four engines, in the order of six repetitions: each odd one is the one
// before it backwards.
func ExampleOrder() {
	for rep := range 6 {
		fmt.Println(rep, bench.Order(1, rep, 4))
	}
	// Output:
	// 0 [1 2 0 3]
	// 1 [3 0 2 1]
	// 2 [1 2 3 0]
	// 3 [0 3 2 1]
	// 4 [2 3 1 0]
	// 5 [0 1 3 2]
}

// Compare two engines on one workload and keep the results.
func ExampleRunner() {
	addlock, err := coherence.Lookup("addlock")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := bench.NewRunner(context.Background(), bench.Plan{
		Dir:       os.TempDir(),
		Engines:   []core.Engine{core.Raw{}, addlock},
		Workloads: []*workloads.Workload{workloads.DirectWrite},
		Threads:   []int{8},
		Duration:  2 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	dir, err := result.Create("results", r.Env())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close()
	report, err := r.Run(context.Background(), dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range report.Verdict.Broken {
		fmt.Println("broken:", line)
	}
}
