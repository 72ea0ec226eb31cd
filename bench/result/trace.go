package result

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Trace is one line of trace.jsonl: what the tasks of a case did with its
// pagecache locks for a short while, in a run of the case that is in no record,
// since to watch costs time.
type Trace struct {
	Schema   int         `json:"schema"`
	Engine   string      `json:"engine"`
	Workload string      `json:"workload"`
	Threads  int         `json:"threads"`
	MMU      string      `json:"mmu"`
	Block    int         `json:"block"`
	Size     int64       `json:"size"`
	Set      string      `json:"set,omitempty"`
	Dropped  int64       `json:"dropped,omitempty"` // events after the last that was kept
	Events   []LockEvent `json:"events"`            // in about the order of time
}

// LockEvent is one step of a task with a lock.
type LockEvent struct {
	Ns   int64  `json:"ns"` // since the first step of the case
	Task string `json:"task"`
	Lock string `json:"lock"`
	Step string `json:"step"` // one of the steps below
}

// Steps. A task that waits is next seen when it has the lock, or gives up.
const (
	StepWaitAdd   = "wait-add"
	StepWaitBlock = "wait-block"
	StepAdd       = "add"
	StepBlock     = "block"
	StepUnadd     = "unadd"
	StepUnblock   = "unblock"
	StepGaveUp    = "gave-up"
)

// AddTrace appends a trace to trace.jsonl. It sets tr.Schema.
func (d *Dir) AddTrace(tr *Trace) error {
	tr.Schema = Schema
	line, err := json.Marshal(tr)
	if err != nil {
		return fmt.Errorf("append trace: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(d.Path, traceFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("append trace: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("append trace: %w", err)
	}
	return nil
}

// Traces reads the traces of the run; none, if it has not traced.
func (run *Run) Traces() ([]Trace, error) {
	path := filepath.Join(run.Dir, traceFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read traces: %w", err)
	}
	defer f.Close()
	var traces []Trace
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var tr Trace
		err := d.Decode(&tr)
		switch {
		case err == io.EOF:
			return traces, nil
		case err != nil:
			return traces, fmt.Errorf("read traces: %s, after %d lines: %w", path, len(traces), err)
		case tr.Schema != Schema:
			return traces, fmt.Errorf("read traces: %s: %s", path, schemaWhy(tr.Schema))
		}
		traces = append(traces, tr)
	}
}
