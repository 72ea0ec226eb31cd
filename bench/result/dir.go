package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Names in a run directory.
const (
	envFile     = "env.json"
	recordsFile = "results.jsonl"
	benchFile   = "results.txt"
	histDir     = "hist"
	failuresDir = "failures"
	traceFile   = "trace.jsonl"
	plotsDir    = "plots"
	reportFile  = "report.html"
)

// A Dir is a run directory being written. It is not safe for concurrent use.
type Dir struct {
	Path string

	env     Env
	records *os.File
	bench   *os.File
}

// Create makes the run directory path, which must not exist, and writes env
// to it. Parents are created where missing.
func Create(path string, env Env) (*Dir, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("create run directory %s: %w; name another, results are never overwritten", path, fs.ErrExist)
		}
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	d := &Dir{Path: path, env: env}
	if err := d.start(); err != nil {
		d.Close()
		return nil, fmt.Errorf("create run directory %s: %w", path, err)
	}
	return d, nil
}

func (d *Dir) start() error {
	for _, sub := range []string{histDir, failuresDir, plotsDir} {
		if err := os.Mkdir(filepath.Join(d.Path, sub), 0o777); err != nil {
			return err
		}
	}
	d.env.Schema = Schema
	text, err := json.MarshalIndent(d.env, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.Path, envFile), append(text, '\n'), 0o666); err != nil {
		return err
	}
	if d.records, err = d.create(recordsFile); err != nil {
		return err
	}
	if err := lockFile(d.records); err != nil {
		return err
	}
	if d.bench, err = d.create(benchFile); err != nil {
		return err
	}
	_, err = d.bench.WriteString(benchHeader(&d.env))
	return err
}

func (d *Dir) create(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(d.Path, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o666)
}

// Append adds one record, and the latency histograms of its classes, which may
// be nil. It sets r.Schema, r.Hist and, where
// it is zero, r.Time. When it returns, the record has left
// the process.
func (d *Dir) Append(r *Record, hists map[string]*hdrhistogram.Histogram) error {
	r.Schema = Schema
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	if err := d.appendHists(r, hists); err != nil {
		return fmt.Errorf("append histograms of %s rep %d: %w", r.Case(), r.Rep, err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("append record of %s rep %d: %w", r.Case(), r.Rep, err)
	}
	if _, err := d.records.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("append record: %w", err)
	}
	if _, err := d.bench.WriteString(benchLines(r, d.env.distinct(r), d.env.GOMAXPROCS)); err != nil {
		return fmt.Errorf("append benchmark line: %w", err)
	}
	return nil
}

// AddFailure keeps a finding as failures/name; a name that is taken gets a
// number. It returns the path of the file.
func (d *Dir) AddFailure(name string, data []byte) (string, error) {
	base, ext := sanitize(strings.TrimSuffix(name, filepath.Ext(name))), filepath.Ext(name)
	for n := 1; ; n++ {
		file := base + ext
		if n > 1 {
			file = fmt.Sprintf("%s-%d%s", base, n, ext)
		}
		f, err := d.create(filepath.Join(failuresDir, file))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keep failure: %w", err)
		}
		_, err = f.Write(data)
		return f.Name(), errors.Join(err, f.Close())
	}
}

// Finish puts results.txt into display order, where records stood in the order
// of measurement so that a killed run keeps what it has.
func (d *Dir) Finish() error {
	run, err := Open(d.Path)
	switch {
	case errors.Is(err, ErrEmpty):
		return nil
	case err != nil:
		return err
	}
	return rewrite(d.Path, benchFile, benchText(&d.env, run.Records))
}

// Close closes the files. The directory stays.
func (d *Dir) Close() error {
	var errs []error
	for _, f := range []*os.File{d.records, d.bench} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// WritePlot writes plots/name of the run directory dir, replacing an older one.
func WritePlot(dir, name string, data []byte) error {
	return rewrite(filepath.Join(dir, plotsDir), name, data)
}

// WriteReport writes report.html of the run directory dir, replacing an older one.
func WriteReport(dir string, html []byte) error { return rewrite(dir, reportFile, html) }

// rewrite replaces a file in one step: a reader never sees half of it.
func rewrite(dir, name string, data []byte) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}

// sanitize makes one path element out of s.
func sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-+=_,", r):
			return r
		}
		return '_'
	}, s)
}
