package report_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

var update = flag.Bool("update", false, "rewrite testdata")

func made(reps int, threads ...int) *result.Run {
	return &result.Run{Env: resulttest.Env(reps, threads), Records: resulttest.Records(1, reps, threads)}
}

func text(t *testing.T, run *result.Run, width int) string {
	t.Helper()
	var b strings.Builder
	if err := report.Text(&b, run, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func html(t *testing.T, run *result.Run, plots ...report.Plot) string {
	t.Helper()
	var b strings.Builder
	if err := report.HTML(&b, run, plots); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got\n%s", path, got)
	}
}

func TestTextGolden(t *testing.T) {
	golden(t, "wide.txt", text(t, made(6, 8), 0))
	golden(t, "narrow.txt", text(t, made(6, 8), 80))
}

func TestTextKeepsToTheWidth(t *testing.T) {
	for _, width := range []int{60, 80, 100, 132} {
		for line := range strings.Lines(text(t, made(6, 1, 8), width)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns in a line for %d: %q", n, width, line)
			}
		}
	}
}

func TestBelowSixRepetitionsNoRatioIsClaimed(t *testing.T) {
	got := text(t, made(3, 8), 0)
	if !strings.Contains(got, "Only 3 repetitions: at least 6 are needed for intervals, ratios") {
		t.Errorf("the refusal is not there:\n%s", got)
	}
	if m := regexp.MustCompile(`slower|faster|0\.\d\d \[`).FindString(got); m != "" && !strings.Contains(m, "0.4") {
		t.Errorf("%q is claimed of three repetitions:\n%s", m, got)
	}
}

func TestStatusColumn(t *testing.T) {
	run := made(6, 8)
	for i := range run.Records {
		r := &run.Records[i]
		switch {
		case r.Engine == "addlock" && r.Workload == "direct-write+store" && r.Rep == 2:
			r.Oracle.Inverted = 1
		case r.Engine == "invalidate-lock" && r.Workload == "direct-write" && r.Rep < 2:
			r.Status = result.StatusStarved
		}
	}
	for _, want := range []string{`addlock-nofdm .* deadlock 6/6\n`, `addlock .* BROKEN CLAIM\n`, `invalidate-lock .* starved 2/6\n`, `none .* ok\n`} {
		if !regexp.MustCompile(want).MatchString(text(t, run, 0)) {
			t.Errorf("no line matches %q:\n%s", want, text(t, run, 0))
		}
	}
	page := html(t, run)
	if !strings.Contains(page, "Coherence was claimed and broken") || !strings.Contains(page, "addlock on direct-write&#43;store, 8 threads") {
		t.Error("the page does not open with the broken claim")
	}
}

func TestHeadings(t *testing.T) {
	run := made(6, 8)
	run.Records = run.Records[:100]
	run.Problems = []result.Problem{{File: "results.jsonl", Line: 101, Why: "cut off"}}
	for i := range run.Records {
		run.Records[i].IO = "buffered"
	}
	if got := text(t, run, 0); !strings.Contains(got, "incomplete: 100 of 192 planned records") || !strings.Contains(got, "IO here is buffered") {
		t.Errorf("not said that the run is incomplete and buffered:\n%s", got)
	}
	page := html(t, run)
	for _, want := range []string{"incomplete: 100 of 192", "results.jsonl:101: cut off", "IO here is buffered"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

var svg = report.Plot{Name: "throughput", Title: "Throughput", Groups: []string{"direct-write"}, SVG: []byte(`<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"><text>raw</text></svg>`)}

// The page needs nothing but itself.
func TestHTMLIsSelfContained(t *testing.T) {
	page := html(t, made(6, 8), svg, svg)
	if strings.Count(page, "<svg") != 2 || strings.Contains(page, "<?xml") {
		t.Error("plots are not inline")
	}
	rest := strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, "")
	for _, bad := range []string{"http:", "https:", "<link", "src=", "fetch(", "XMLHttp", "url(", "@import", "ZgotmplZ"} {
		if strings.Contains(rest, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, id := range regexp.MustCompile(`href="#([a-z0-9-]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+id[1]+`"`) {
			t.Errorf("a link leads to #%s, which there is not", id[1])
		}
	}
}

// Every element that is opened is closed in its turn.
func TestHTMLIsBalanced(t *testing.T) {
	for name, run := range map[string]*result.Run{"full": made(6, 1, 8), "short": made(2, 8), "no environment": {Records: resulttest.Records(1, 6, []int{8})}} {
		page, script, ok := strings.Cut(html(t, run, svg), "<script>") // which is no XML
		_, rest, closed := strings.Cut(script, "</script>")
		if !ok || !closed {
			t.Fatal("the page has no script")
		}
		d := xml.NewDecoder(strings.NewReader(page + rest))
		d.Entity = xml.HTMLEntity
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

// A results.jsonl may come from anybody.
func TestHTMLEscapes(t *testing.T) {
	run := made(6, 8)
	evil := `<img src=x onerror=alert(1)>`
	for i := range run.Records {
		r := &run.Records[i]
		if r.Engine == "none" {
			r.Engine, r.Detail = evil, evil
		}
	}
	run.Env.Kernel, run.Env.Command = evil, []string{evil}
	if page := html(t, run); strings.Contains(page, "<img") || !strings.Contains(page, "&lt;img") {
		t.Error("a name went into the page as it was")
	}
}

// What is not known of the environment is said to be unknown.
func TestWhereNothingIsKnown(t *testing.T) {
	const want = "unknown file system on an unknown kernel, an unknown number of CPUs, where nobody knows whether O_DIRECT is direct; MMU unknown; seed unknown"
	if got := report.Where(&result.Env{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A note names the engines that it is about, and is one where they share it.
func TestUncountedNamesEngines(t *testing.T) {
	run := made(6, 8)
	for i := range run.Records {
		if r := &run.Records[i]; (r.Engine == "none" || r.Engine == "addlock") && r.Workload == "direct-write" {
			r.Uncounted = "made up"
		}
	}
	if got := text(t, run, 0); strings.Count(got, "note: addlock, none: direct writes that became buffered ones are not counted: made up") != 1 {
		t.Error(got)
	}
}

// Every signal is in the text and in the page, EIO without a loss too.
func TestEverySignalIsShown(t *testing.T) {
	run := &result.Run{Records: []result.Record{{
		Engine: "kernel", Workload: "mixed", MMU: "kernel", IO: "direct", Status: "ok", Rounds: 5077, StaleRounds: 5011, LossRounds: 5012, EIORounds: 5013, QuietEIO: 5014,
		Ops: map[string]int64{"direct-write": 1}, Rate: map[string]float64{"direct-write": 1},
		Oracle: result.Oracle{Stale: 5001, Inverted: 5002, Flipped: 5003, Torn: 5004, Nowhere: 5005, Lost: 5006, SilentLost: 5007, Incoherent: 5008},
	}}}
	text, page := text(t, run, 0), html(t, run)
	_, table, _ := strings.Cut(page, `<h2 id="oracle">`)
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14} {
		plain, grouped := fmt.Sprint(5000+n), quantity.Count(int64(5000+n))
		if !strings.Contains(text, plain) || !strings.Contains(page, plain) || !strings.Contains(table, "<td>"+grouped+"</td>") {
			t.Errorf("%s is not shown everywhere:\n%s\n%s", plain, text, table)
		}
	}
}

// A cost per operation that does not compare is marked, and the mark explained.
func TestAnotherMixIsMarked(t *testing.T) {
	run := made(6, 8)
	run.Records = slices.DeleteFunc(run.Records, func(r result.Record) bool { return r.Workload != "direct-write" })
	const mark, why = "*</td>", "* per operation of another mix"
	if page := html(t, run); strings.Contains(page, mark) || strings.Contains(page, why) {
		t.Error("marked, though all did the same")
	}
	for i := range run.Records {
		if r := &run.Records[i]; r.Engine == "addlock" {
			r.Ops = map[string]int64{"direct-write": 1, "load": 1}
		}
	}
	if page := html(t, run); strings.Count(page, mark) != 1 || strings.Count(page, why) != 1 {
		t.Errorf("%d marks, %d notes", strings.Count(page, mark), strings.Count(page, why))
	}
}

func TestHTMLReports(t *testing.T) {
	page := html(t, made(6, 8))
	if !strings.Contains(page, "addlock-nofdm, self-buffer, 8 threads, repetition 0: deadlock") || !strings.Contains(page, "writer-0 blocks file 1") {
		t.Error("the deadlock report is not there")
	}
}

// Every row leads to its records, and every picture to the rows it shows.
func TestFiguresLeadToRecords(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 6, []int{1, 8}))
	if err != nil {
		t.Fatal(err)
	}
	page := html(t, run, svg)
	if !strings.Contains(page, `From the records of <a href="#group-0">direct-write, 1 thread</a>; <a href="#group-1">direct-write, 8 threads</a>.`) {
		t.Error("the picture does not lead to its sections")
	}
	for i, c := range compare.Cases(run.Records) {
		if links := strings.Count(page, fmt.Sprintf(`href="#case-%d"`, i)); links == 0 && c.Pair == 0 {
			t.Errorf("nothing leads to the records of %v", c)
		}
		if !strings.Contains(page, fmt.Sprintf(`id="case-%d"`, i)) {
			t.Errorf("the records of %v are not listed", c)
		}
	}
	for i := range run.Records {
		if want := fmt.Sprintf("<tr><th>%d</th><td>%d</td>", run.Lines[i], run.Records[i].Rep); !strings.Contains(page, want) {
			t.Errorf("line %d is not listed", run.Lines[i])
		}
	}
}

// What a sweep measured beside rates has its tables.
func TestChapters(t *testing.T) {
	storm, err := result.Open(resulttest.WriteFaultSweep(t, 1, 6))
	if err != nil {
		t.Fatal(err)
	}
	page := html(t, storm)
	for _, want := range []string{`<h2 id="open-loop">`, "faults offered/s", "<td>50k</td>", `<h2 id="fairness">`, "time to block p50", "Jain&#39;s index, direct-write"} {
		if !strings.Contains(page, want) {
			t.Errorf("a sweep's page lacks %q", want)
		}
	}
	page = html(t, made(6, 8))
	for _, want := range []string{`<h2 id="cost">`, "of it in the kernel", `<h2 id="behind">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, `id="open-loop"`) {
		t.Error("nothing was offered, and there is a chapter about it")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteErrorsAreReported(t *testing.T) {
	if err := report.Text(failing{}, made(6, 8), 80); err == nil {
		t.Error("Text lost an error")
	}
	if err := report.HTML(failing{}, made(6, 8), nil); err == nil {
		t.Error("HTML lost an error")
	}
}

func ExampleText() {
	run := made(6, 8) // made up
	var narrow bytes.Buffer
	if err := report.Text(&narrow, run, 80); err != nil {
		panic(err)
	}
	for i, line := range strings.SplitAfter(narrow.String(), "\n")[:7] {
		if i != 1 && i != 4 { // without the rest of the first line, and the heads of the columns
			os.Stdout.WriteString(line)
		}
	}
	// Output:
	// ext4 on linux 6.18.0 #1 SMP PREEMPT_DYNAMIC, 8 CPUs, where O_DIRECT is direct;
	//
	// direct-write, 8 threads
	// raw                 46.1k           1                                 389 µs
	// addlock             42.2k           0.93 [0.91, 0.95]  slower         396 µs
}
