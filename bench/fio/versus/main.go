// Command versus measures engines beside fio(1): direct reads and writes
// by pread and pwrite, libaio and io_uring on one file, the oracle on. The
// table goes to stdout, and every run, as a line of JSON, to --out. The exit
// status is
//
//	0  measured, and fio agreed with itself everywhere
//	1  measured, but the machine was not quiet enough for the figures
//	2  the command line is wrong
//	3  there is no fio, or the directory or the machine lacks what is measured
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cohbench/bench/fio"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// Exit statuses.
const (
	statusValid       = 0
	statusNotValid    = 1
	statusUsage       = 2
	statusEnvironment = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options is the command line.
type options struct {
	dir, out, only string
	rounds, depth  int
	block          int
	size           int64
	duration, ramp time.Duration
	seed           uint64
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("versus", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.dir, "dir", ".", "directory for the data file, which is removed again")
	f.StringVar(&o.out, "out", "", "file for the runs as JSON lines, which must not exist (default none)")
	f.StringVar(&o.only, "only", "", "measure the settings whose heading contains this, such as \"read, libaio\" (default all)")
	f.IntVar(&o.rounds, "rounds", 10, "rounds; every contender runs once in each")
	f.IntVar(&o.depth, "iodepth", 16, "requests in flight with libaio and io_uring")
	f.IntVar(&o.block, "block", 4<<10, "bytes per request")
	f.Int64Var(&o.size, "size", 64<<20, "bytes of the data file")
	f.DurationVar(&o.duration, "duration", 2*time.Second, "of each run")
	f.DurationVar(&o.ramp, "ramp", 200*time.Millisecond, "before each run, unmeasured")
	f.Uint64Var(&o.seed, "seed", 1, "of the order and of the offsets")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.rounds < 1 || o.depth < 1 || o.duration <= 0 || o.ramp <= 0 {
		return o, errors.New("want at least one round, one request in flight, more than no time, and nothing besides the flags")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return statusValid
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return statusUsage
	}
	valid, err := o.measure(ctx, stdout, stderr)
	switch {
	case errors.Is(err, errNoSetting):
		fmt.Fprintf(stderr, "error: %v\n", err)
		return statusUsage
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return statusEnvironment
	case !valid:
		return statusNotValid
	}
	return statusValid
}

var errNoSetting = errors.New("no setting has that in its heading")

// measure makes the file, runs all settings and removes the file.
func (o *options) measure(ctx context.Context, stdout, stderr io.Writer) (valid bool, err error) {
	settings, err := o.settings()
	if err != nil {
		return false, err
	}
	if _, err := fio.Find(); err != nil {
		return false, err
	}
	keep, closeOut, err := o.sink()
	if err != nil {
		return false, err
	}
	backing, d, err := o.makeFile()
	if err != nil {
		return false, errors.Join(err, closeOut())
	}
	valid = true
	for _, s := range settings {
		if err := s.Probe(); errors.Is(err, errors.ErrUnsupported) {
			fmt.Fprintf(stdout, "%s\nnot measured: %v\n\n", s, err)
			continue
		}
		fmt.Fprintf(stderr, "%s: %d rounds of %d runs\n", s, o.rounds, len(s.Contenders()))
		c := fio.Contest{Setting: s, Backing: backing, Rounds: o.rounds, Ramp: o.ramp, Duration: o.duration, Seed: o.seed}
		runs, err := c.Run(ctx, func(r fio.Run) error { return keep(r) })
		if err == nil {
			sum := fio.Summarize(s, runs)
			valid = valid && sum.Valid
			err = errors.Join(sum.Print(stdout), keep(sum))
		}
		if err != nil {
			return false, errors.Join(err, d.Remove(), closeOut())
		}
	}
	return valid, errors.Join(d.Remove(), closeOut())
}

// settings is those that were asked for.
func (o *options) settings() (list []fio.Setting, err error) {
	for _, s := range fio.Settings(o.block, o.size, o.depth) {
		if strings.Contains(s.String(), o.only) {
			list = append(list, s)
		}
	}
	if list == nil {
		return nil, fmt.Errorf("-only %q: %w", o.only, errNoSetting)
	}
	return list, nil
}

// sink is where the JSON lines go.
func (o *options) sink() (keep func(any) error, done func() error, err error) {
	if o.out == "" {
		return func(any) error { return nil }, func() error { return nil }, nil
	}
	f, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, nil, err
	}
	return json.NewEncoder(f).Encode, f.Close, nil
}

// makeFile makes the data file, with every block written.
func (o *options) makeFile() (core.Backing, *disk.File, error) {
	path := filepath.Join(o.dir, fmt.Sprintf("cohbench-fio-%d.dat", os.Getpid()))
	d, err := disk.Create(path, o.size)
	if err != nil {
		return core.Backing{}, nil, err
	}
	t, chunk := sched.NewGroup().Thread("fill"), disk.Block(o.block)
	for off := int64(0); off < o.size; off += int64(len(chunk)) {
		if _, err := d.WriteAt(t, chunk, off); err != nil {
			return core.Backing{}, nil, errors.Join(err, d.Remove())
		}
	}
	if err := d.Sync(t); err != nil {
		return core.Backing{}, nil, errors.Join(err, d.Remove())
	}
	return core.Backing{Path: path, Disk: d}, d, nil
}
