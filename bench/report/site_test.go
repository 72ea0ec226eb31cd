package report_test

import (
	"fmt"
	"strings"
	"testing"

	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

// sites is two machines that ran the same, and one that ran something else.
func sites() []report.SiteRun {
	laptop, server := made(6, 8), made(6, 8)
	server.Env.Cores, server.Env.CPU = 64, "Another CPU"
	for i := range server.Records {
		if r := &server.Records[i]; r.Engine == "addlock" && r.Workload == "direct-write+store" {
			r.Oracle.Stale = 1
		}
	}
	storm := &result.Run{Env: resulttest.Env(6, []int{1})}
	for _, s := range resulttest.FaultSweep(1, 6) {
		storm.Records = append(storm.Records, s.Record)
	}
	return []report.SiteRun{{Name: "laptop", Run: laptop}, {Name: "server", Run: server}, {Name: "storm", Run: storm}}
}

func TestIndex(t *testing.T) {
	var b strings.Builder
	if err := report.Index(&b, sites()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<a href="laptop/report.html">laptop</a></th><td class="text">none</td>`, `href="machines.html"`,
		`<span class="bad">claim broken: addlock on direct-write&#43;store, 8 threads</span>`, "<td>64</td>",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the index lacks %q", want)
		}
	}
}

func TestMachines(t *testing.T) {
	var b strings.Builder
	if err := report.Machines(&b, sites(), []report.Plot{svg}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<h3>direct-write&#43;store, 8 threads: direct-write</h3>", `<th colspan="3" class="text">server</th>`,
		`<tr class="differ"><th>CPU</th><td>Made-up CPU</td><td>Another CPU</td>`, "<tr><th>Kernel</th>", `<figure id="plot-throughput">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// What one run alone has is not compared with anything.
	if strings.Contains(page, "<h3>fault-storm") || strings.Contains(page, `<th colspan="3" class="text">storm</th>`) {
		t.Error("a workload of one run only has a table")
	}
}

// Another MMU is another case: it stands in no table with the first.
func TestMachinesAreNotMixed(t *testing.T) {
	runs := sites()[:2]
	for i := range runs[1].Run.Records {
		if r := &runs[1].Run.Records[i]; r.MMU == "soft" {
			r.MMU = "userfaultfd"
		}
	}
	var b strings.Builder
	if err := report.Machines(&b, runs, nil); err != nil {
		t.Fatal(err)
	}
	if page := b.String(); strings.Contains(page, "<h3>") || !strings.Contains(page, "No case was measured by more than one") {
		t.Error("soft and userfaultfd are side by side")
	}
}

func TestSitePagesReportErrors(t *testing.T) {
	if report.Index(failing{}, sites()) == nil || report.Machines(failing{}, sites(), nil) == nil {
		t.Error("an error was lost")
	}
}

func ExampleIndex() {
	var b strings.Builder
	if err := report.Index(&b, sites()); err != nil {
		panic(err)
	}
	fmt.Println(strings.Count(b.String(), "/report.html"), "runs")
	// Output: 3 runs
}
