package result

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead: whatever stands in a results file, reading it says what is wrong
// with which line, and what was read can be written and read again.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*/" + recordsFile)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("{\"engine\":\"addlock\",\"workload\":\"mixed\"}\n{}\nnot json\n{\"engine\":"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, again := &Run{}, &Run{}
		if err := run.readRecords(bytes.NewReader(data), "fuzzed"); err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		for i := range run.Records {
			if err := e.Encode(&run.Records[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := again.readRecords(&text, "again"); err != nil {
			t.Fatal(err)
		}
		if len(again.Records) != len(run.Records) {
			t.Errorf("%d records come back as %d: %v", len(run.Records), len(again.Records), again.Problems)
		}
	})
}
