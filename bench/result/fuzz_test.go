package result

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead is RunRead behind go test -fuzz.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("corpus/*")
	if err != nil || len(names) == 0 {
		f.Fatalf("no records: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { RunRead(data) })
}

// TestCorpusHasRecords: fuzzing begins with what a run writes, whole and broken.
func TestCorpusHasRecords(t *testing.T) {
	whole, broken := 0, 0
	names, _ := filepath.Glob("corpus/*")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		run := &Run{}
		if err := run.readRecords(bytes.NewReader(data), name); err != nil {
			t.Fatal(err)
		}
		whole, broken = whole+len(run.Records), broken+len(run.Problems)
	}
	if whole < 2 || broken < 2 {
		t.Errorf("the corpus has %d records and %d broken lines: too few to begin with", whole, broken)
	}
}
