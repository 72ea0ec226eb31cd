package result_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func TestTraces(t *testing.T) {
	d, err := result.Create(filepath.Join(t.TempDir(), "run"), resulttest.Env(1, []int{1}))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	run := &result.Run{Dir: d.Path}
	if traces, err := run.Traces(); err != nil || traces != nil {
		t.Errorf("of a run without any: %v, %v", traces, err)
	}
	want := []result.Trace{
		{Engine: "addlock", Workload: "fault-storm", Threads: 1, MMU: "soft", Events: []result.LockEvent{{Ns: 5, Task: "w", Lock: "file 1", Step: result.StepBlock}}},
		{Engine: "addlock", Workload: "fault-storm", Threads: 2, MMU: "soft", Dropped: 3},
	}
	for i := range want {
		if err := d.AddTrace(&want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := run.Traces(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	f, err := os.OpenFile(filepath.Join(d.Path, "trace.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(`{"schema":1,"engi`)
	if err := errors.Join(err, f.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if d, _, err = result.Reopen(d.Path); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := run.Traces(); err != nil || len(got) != 2 {
		t.Errorf("after a kill in the middle of a line: %d traces, %v", len(got), err)
	}
	for damage, why := range map[string]string{`{"schema":1,"engine"`: "after 2 lines", `{"schema":7}`: "format version 7"} {
		path := filepath.Join(t.TempDir(), "trace.jsonl")
		text, err := os.ReadFile(filepath.Join(d.Path, "trace.jsonl"))
		if err == nil {
			err = os.WriteFile(path, append(text, damage...), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&result.Run{Dir: filepath.Dir(path)}).Traces()
		if err == nil || !strings.Contains(err.Error(), why) || len(got) != 2 {
			t.Errorf("%s: %d traces, %v", damage, len(got), err)
		}
	}
}
