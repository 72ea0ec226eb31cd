package result_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

const sound = `{"schema":1,"engine":"raw","workload":"w","threads":1,"rep":%REP%,"seconds":1,"status":"ok"}`

func line(rep string) string { return strings.ReplaceAll(sound, "%REP%", rep) }

func TestOpenUsesTheRest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		text   string
		line   int
		why    string
		usable int
	}{
		{"sound", line("0") + "\n" + line("1") + "\n", 0, "", 2},
		{"no newline at the end", line("0") + "\n" + line("1"), 0, "", 2},
		{"blank lines", "\n" + line("0") + "\n\n", 0, "", 1},
		{"cut off", line("0") + "\n" + line("1")[:40], 2, "cut off in the middle", 1},
		{"cut off, then appended to", line("0")[:40] + "\n" + line("1") + "\n", 1, "not JSON at byte", 1},
		{"not JSON", "hello\n" + line("0") + "\n", 1, "not JSON at byte 1", 1},
		{"JSON of another kind", "[1,2]\n" + line("0") + "\n", 1, "not a record: a JSON array", 1},
		{"foreign object", `{"Action":"run","Package":"x"}` + "\n" + line("0") + "\n", 1, `no "schema"`, 1},
		{"another version", strings.Replace(line("0"), `"schema":1`, `"schema":2`, 1) + "\n" + line("1") + "\n", 1, "format version 2, but this cohbench reads version 1", 1},
		{"no engine", strings.Replace(line("0"), "raw", "", 1) + "\n" + line("1") + "\n", 1, "no engine", 1},
		{"no threads", strings.Replace(line("0"), `"threads":1`, `"threads":0`, 1) + "\n" + line("1") + "\n", 1, "impossible figures", 1},
		{"unknown status", strings.Replace(line("0"), `"ok"`, `"fine"`, 1) + "\n" + line("1") + "\n", 1, `unknown status "fine"`, 1},
		{"wrong type", strings.Replace(line("0"), `"rep":0`, `"rep":"a"`, 1) + "\n" + line("1") + "\n", 1, "rep holds a string", 1},
		{"twice the same", line("0") + "\n" + line("0") + "\n", 2, "repeats line 1", 1},
		{"unknown keys are fine", strings.Replace(line("0"), "{", `{"later":true,`, 1) + "\n", 0, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run, err := result.Open(writeRun(t, `{"schema":1}`, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Records) != tt.usable {
				t.Errorf("%d records usable, want %d", len(run.Records), tt.usable)
			}
			checkProblem(t, run.Problems, tt.line, tt.why)
		})
	}
}

func checkProblem(t *testing.T, problems []result.Problem, line int, why string) {
	t.Helper()
	if why == "" {
		if len(problems) != 0 {
			t.Errorf("problems: %v", problems)
		}
		return
	}
	if len(problems) != 1 || problems[0].Line != line || !strings.Contains(problems[0].Why, why) {
		t.Errorf("problems: %v, want one of line %d saying %q", problems, line, why)
	}
	if s := problems[0].String(); strings.Contains(s, "\n") || !strings.Contains(s, "results.jsonl:") {
		t.Errorf("not one clear line: %q", s)
	}
}

// writeRun leaves a run directory with the given files and returns its path.
func writeRun(t *testing.T, env, records string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"env.json": env, "results.jsonl": records} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenNothingUsable(t *testing.T) {
	run, err := result.Open(writeRun(t, `{"schema":1}`, "foo\nbar\n"))
	if !errors.Is(err, result.ErrEmpty) || !strings.Contains(err.Error(), "line 1: not JSON") {
		t.Errorf("error %v, want ErrEmpty with the first reason", err)
	}
	if run == nil || len(run.Problems) != 2 {
		t.Errorf("run %+v, want one with 2 problems", run)
	}
}

// A file of another version is one problem, not one for each of its lines.
func TestProblemsOfAKindAreOne(t *testing.T) {
	other := strings.Replace(line("0"), `"schema":1`, `"schema":2`, 1) + "\n"
	run, err := result.Open(writeRun(t, `{"schema":1}`, "foo\n"+strings.Repeat(other, 60)))
	if !errors.Is(err, result.ErrEmpty) || len(run.Problems) != 2 {
		t.Fatalf("%v, problems %v", err, run.Problems)
	}
	if s := run.Problems[1].String(); !strings.Contains(s, "results.jsonl:2: format version 2") || !strings.HasSuffix(s, "(and 59 more such lines)") {
		t.Error(s)
	}
}

func TestOpenEnv(t *testing.T) {
	if _, err := result.Open(writeRun(t, `{"schema":7}`, line("0"))); err == nil || !strings.Contains(err.Error(), "format version 7") {
		t.Errorf("env.json of version 7 gave %v", err)
	}
	for _, env := range []string{"", "{trunc"} {
		run, err := result.Open(writeRun(t, env, line("0")))
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Records) != 1 || len(run.Problems) != 1 || !strings.Contains(run.Problems[0].Why, "environment of the run is not known") {
			t.Errorf("env.json %q: %d records, problems %v", env, len(run.Records), run.Problems)
		}
	}
}

func TestOpenByFile(t *testing.T) {
	dir := writeRun(t, `{"schema":1,"kernel":"k"}`, line("0"))
	run, err := result.Open(filepath.Join(dir, "results.jsonl"))
	if err != nil || run.Env.Kernel != "k" || run.Dir != dir {
		t.Errorf("by file: %+v, %v", run, err)
	}
	if _, err := result.Open(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a path that there is not was opened")
	}
}

// What is set is part of the case: records of a sweep are told apart by it, and
// each finds its own histogram again.
func TestSweepIsReadBack(t *testing.T) {
	run, err := result.Open(resulttest.WriteFaultSweep(t, 1, 2))
	if err != nil || len(run.Problems) != 0 || !run.Complete() {
		t.Fatalf("%v, problems %v, complete %v", err, run.Problems, run.Complete())
	}
	for i, want := range resulttest.FaultSweep(1, 2) {
		r := &run.Records[i]
		rate, ok := r.Setting("rate/fault")
		if r.Case() != want.Case() || !ok || r.Engine != "raw" && fmt.Sprintf("%g", r.OpenLoop["fault"].Offered) != rate {
			t.Fatalf("record %d: %s, rate %q, %+v", i, r.Case(), rate, r.OpenLoop)
		}
		if want.BlockTime == nil {
			continue
		}
		h, err := run.Histogram(r, result.HistBlock)
		if err != nil || result.Summarize(h, 0) != *want.BlockTime {
			t.Fatalf("record %d: %v, not the waits that were kept", i, err)
		}
	}
	if v, ok := run.Records[0].Setting("rate"); ok {
		t.Errorf("a setting that there is not has value %q", v)
	}
}
