package result

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrEmpty says that a run holds no record which can be used.
var ErrEmpty = errors.New("no usable record")

// A Run is a run directory read back.
type Run struct {
	Dir      string
	Env      Env
	Records  []Record  // as they were appended
	Lines    []int     // of results.jsonl, from 1, where each record stands; empty if the run was not read from a file
	Problems []Problem // what had to be left out
}

// A Problem is a line, or a file, that could not be used, and why.
type Problem struct {
	File string
	Line int // from 1; 0: the whole file
	Why  string
	More int // further lines of the file with the same
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Why)
	}
	if p.More > 0 {
		return fmt.Sprintf("%s:%d: %s (and %d more such lines)", p.File, p.Line, p.Why, p.More)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Why)
}

// leaveOut notes a line that could not be used: lines with the same trouble are
// one problem.
func (run *Run) leaveOut(file string, line int, why string) {
	same := func(p Problem) bool { return p.File == file && p.Line > 0 && p.Why == why }
	if i := slices.IndexFunc(run.Problems, same); i >= 0 {
		run.Problems[i].More++
		return
	}
	run.Problems = append(run.Problems, Problem{File: file, Line: line, Why: why})
}

// Open reads a run: path is its directory, or the results.jsonl in it. What is
// truncated or foreign is listed in Problems, and the rest is used. An env.json
// of another version is an error. With no record to use, the error Is ErrEmpty
// and the Run is returned all the same, for its Problems.
func Open(path string) (*Run, error) {
	file := path
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	if info.IsDir() {
		file = filepath.Join(path, recordsFile)
	}
	run := &Run{Dir: filepath.Dir(file)}
	if err := run.readEnv(); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	defer f.Close()
	if err := run.readRecords(f, file); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(run.Records) == 0 {
		return run, fmt.Errorf("%s: %w%s", file, ErrEmpty, firstWhy(run.Problems))
	}
	return run, nil
}

func firstWhy(problems []Problem) string {
	for _, p := range problems {
		if p.Line > 0 {
			return fmt.Sprintf(" (line %d: %s)", p.Line, p.Why)
		}
	}
	return ""
}

// Complete reports whether all records that were planned are there.
func (run *Run) Complete() bool { return len(run.Records) >= run.Env.Plan.Records }

func (run *Run) readEnv() error {
	path := filepath.Join(run.Dir, envFile)
	text, err := os.ReadFile(path)
	if err != nil {
		run.Problems = append(run.Problems, Problem{File: path, Why: "the environment of the run is not known: " + cause(err)})
		return nil
	}
	var env Env
	if err := json.Unmarshal(text, &env); err != nil {
		run.Problems = append(run.Problems, Problem{File: path, Why: "the environment of the run is not known: " + jsonWhy(err)})
		return nil
	}
	if env.Schema != Schema {
		return fmt.Errorf("%s: %s", path, schemaWhy(env.Schema))
	}
	run.Env = env
	return nil
}

func (run *Run) readRecords(r io.Reader, file string) error {
	seen := make(map[repeat]int)
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			return err
		}
		whole := err == nil
		if strings.TrimSpace(text) != "" {
			if why := run.readRecord(text, n, whole, seen); why != "" {
				run.leaveOut(file, n, why)
			}
		}
		if !whole {
			return nil
		}
	}
}

// A repeat is what a run measures once.
type repeat struct {
	Case
	rep int
}

// readRecord takes in one line, or says why not.
func (run *Run) readRecord(text string, line int, whole bool, seen map[repeat]int) string {
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		if !whole {
			return "cut off in the middle, as a run leaves it that was killed while writing"
		}
		return jsonWhy(err)
	}
	if why := r.foreign(text); why != "" {
		return why
	}
	key := repeat{r.Case(), r.Rep}
	if first, ok := seen[key]; ok {
		return fmt.Sprintf("repeats line %d (%v/rep=%d): two runs in one file?", first, r.Case(), r.Rep)
	}
	seen[key] = line
	run.Records = append(run.Records, r)
	run.Lines = append(run.Lines, line)
	return ""
}

// foreign says why r, which is valid JSON, is no record of this version.
func (r *Record) foreign(text string) string {
	var probe map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &probe) != nil || probe["schema"] == nil {
		return `not a record of cohbench: it has no "schema"`
	}
	switch {
	case r.Schema != Schema:
		return schemaWhy(r.Schema)
	case r.Engine == "" || r.Workload == "":
		return "no engine or no workload named"
	case r.Threads < 1 || r.Rep < 0 || r.Seconds < 0:
		return fmt.Sprintf("impossible figures: threads %d, rep %d, seconds %g", r.Threads, r.Rep, r.Seconds)
	case !knownStatus(r.Status):
		return fmt.Sprintf("unknown status %q", r.Status)
	}
	return ""
}

func knownStatus(s string) bool {
	switch s {
	case StatusOK, StatusDeadlock, StatusStarved, StatusUnsupported, StatusError:
		return true
	}
	return false
}

func schemaWhy(got int) string {
	return fmt.Sprintf("format version %d, but this cohbench reads version %d: use the cohbench that wrote it", got, Schema)
}

// jsonWhy says what is wrong with a text, and where in it.
func jsonWhy(err error) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON at byte %d: %v", syntax.Offset, err)
	case errors.As(err, &typ) && typ.Field == "":
		return fmt.Sprintf("not a record: a JSON %s", typ.Value)
	case errors.As(err, &typ):
		return fmt.Sprintf("%s holds a %s, not a %s", typ.Field, typ.Value, typ.Type)
	}
	return err.Error()
}
