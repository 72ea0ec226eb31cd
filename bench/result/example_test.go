package result_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"cohbench/bench/result"
)

func Example() {
	tmp, err := os.MkdirTemp("", "result")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	dir, err := result.Create(filepath.Join(tmp, "run"), result.Env{Kernel: "6.18"})
	if err != nil {
		log.Fatal(err)
	}
	record := result.Record{
		Engine: "addlock", Workload: "direct-write", Threads: 8, Seconds: 2, Status: result.StatusOK,
		Ops: map[string]int64{"direct-write": 60000}, Rate: map[string]float64{"direct-write": 30000},
	}
	if err := dir.Append(&record, nil); err != nil {
		log.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		log.Fatal(err)
	}
	run, err := result.Open(dir.Path)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range run.Records {
		fmt.Printf("%s: %.0f direct writes/s on %s\n", r.Case(), r.Rate["direct-write"], run.Env.Kernel)
	}
	// Output: engine=addlock/workload=direct-write/threads=8: 30000 direct writes/s on 6.18
}
