package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// fuzzDetails is where RunRead writes what it found before it panics.
var fuzzDetails io.Writer = os.Stderr

// RunRead is a target for fuzzers: whatever stands in a file of records,
// reading it says what is wrong with which line, and what was read can be
// written and read again. It panics with a constant text, by which fuzzers tell
// failures apart.
func RunRead(data []byte) {
	run, again := &Run{}, &Run{}
	if err := run.readRecords(bytes.NewReader(data), "fuzzed"); err != nil {
		fmt.Fprintln(fuzzDetails, err)
		panic("result: records in memory cannot be read")
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	for i := range run.Records {
		if err := e.Encode(&run.Records[i]); err != nil {
			fmt.Fprintln(fuzzDetails, err)
			panic("result: a record that was read cannot be written")
		}
	}
	err := again.readRecords(&text, "again")
	if err != nil || len(again.Records) != len(run.Records) {
		fmt.Fprintf(fuzzDetails, "%d records come back as %d: %v, %v\n", len(run.Records), len(again.Records), err, again.Problems)
		panic("result: records come back as others")
	}
}
