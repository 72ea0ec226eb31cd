package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// campaignFile says how to measure a run, for whoever resumes or repeats it.
const campaignFile = "campaign.yaml"

// ErrInUse says that somebody is writing to a run directory.
var ErrInUse = errors.New("a run is being written to it")

// WriteCampaign keeps what the run was asked to measure, with nothing left
// open. It goes before the first record: a run without it cannot be resumed.
func (d *Dir) WriteCampaign(text []byte) error { return rewrite(d.Path, campaignFile, text) }

// Campaign is what the run in dir was asked to measure.
func Campaign(dir string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, campaignFile)) }

// Reopen opens the run directory path to go on with it, and returns what it
// holds. What a kill may have left behind of a case that is in no record goes:
// the end of a line, latencies, lines of results.txt. So a case is in all files
// or in none.
func Reopen(path string) (*Dir, *Run, error) {
	fail := func(err error) (*Dir, *Run, error) {
		return nil, nil, fmt.Errorf("resume run directory %s: %w", path, err)
	}
	d := &Dir{Path: path}
	var err error
	if d.records, err = os.OpenFile(filepath.Join(path, recordsFile), os.O_RDWR|os.O_APPEND, 0); err != nil {
		return fail(err)
	}
	run, err := d.mend()
	if err != nil {
		d.Close()
		return fail(err)
	}
	return d, run, nil
}

// Resumed notes in env.json who goes on with the run.
func (d *Dir) Resumed(pid int, at time.Time) error {
	d.env.Resumed = append(d.env.Resumed, Resumed{at, pid})
	text, err := json.MarshalIndent(d.env, "", "  ")
	if err != nil {
		return err
	}
	return rewrite(d.Path, envFile, append(text, '\n'))
}

func (d *Dir) mend() (*Run, error) {
	if err := lockFile(d.records); err != nil {
		return nil, err
	}
	if err := cutPartialLine(d.records); err != nil {
		return nil, err
	}
	run, err := Open(d.Path)
	if err != nil && !errors.Is(err, ErrEmpty) {
		return nil, err
	}
	if len(run.Problems) > 0 {
		return nil, errors.New(run.Problems[0].String())
	}
	if err := d.mendTraces(); err != nil {
		return nil, err
	}
	d.env = run.Env
	if err := d.mendBench(run.Records); err != nil {
		return nil, err
	}
	return run, d.mendHists(run.Records)
}

// cutPartialLine takes off what follows the last newline.
func cutPartialLine(f *os.File) error {
	text, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	return f.Truncate(int64(bytes.LastIndexByte(text, '\n') + 1))
}

// mendTraces takes a trace off that was not written to its end.
func (d *Dir) mendTraces() error {
	f, err := os.OpenFile(filepath.Join(d.Path, traceFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(cutPartialLine(f), f.Close())
}

// mendBench writes results.txt anew from the records, and goes on there.
func (d *Dir) mendBench(records []Record) error {
	err := rewrite(d.Path, benchFile, benchText(&d.env, records))
	if err != nil {
		return err
	}
	d.bench, err = os.OpenFile(filepath.Join(d.Path, benchFile), os.O_WRONLY|os.O_APPEND, 0)
	return err
}

// mendHists drops from the histogram logs the intervals that no record names.
func (d *Dir) mendHists(records []Record) error {
	named := map[string]map[string]bool{} // tags, by log
	for _, r := range records {
		for _, name := range r.Hist {
			if named[name] == nil {
				named[name] = map[string]bool{}
			}
			named[name]["Tag="+repTag(r.Rep)] = true
		}
	}
	dir := filepath.Join(d.Path, histDir)
	logs, err := os.ReadDir(dir)
	for _, log := range logs {
		if err == nil {
			err = mendHist(dir, log.Name(), named[log.Name()])
		}
	}
	return err
}

// mendHist keeps the head of a log and the intervals with one of the tags.
func mendHist(dir, name string, tags map[string]bool) error {
	if len(tags) == 0 {
		return os.Remove(filepath.Join(dir, name))
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	var kept []byte
	for line := range bytes.Lines(text) {
		tag, _, tagged := bytes.Cut(line, []byte(","))
		if !tagged || !bytes.HasPrefix(line, []byte("Tag=")) || tags[string(tag)] && line[len(line)-1] == '\n' {
			kept = append(kept, line...)
		}
	}
	if len(kept) == len(text) {
		return nil
	}
	return rewrite(dir, name, kept)
}
