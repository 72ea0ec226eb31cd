package fio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// ErrMissing is that there is no fio on this machine.
var ErrMissing = errors.New("fio is not installed")

// A Job is one run of fio on a file that exists.
type Job struct {
	Path     string
	Size     int64  // bytes of the file in use
	Block    int    // bytes per request
	Write    bool   // random writes; else random reads
	IOEngine string // psync, libaio, io_uring
	Depth    int    // requests in flight per thread
	Threads  int
	Ramp     time.Duration // before the measurement
	Duration time.Duration
	Seed     uint64
}

// Args is the command line. Where requests can be batched they are: fio then
// takes and reaps as many at once as there are, which is its best.
func (j Job) Args() []string {
	rw := "randread"
	if j.Write {
		rw = "randwrite"
	}
	args := []string{
		"--name=cohbench", "--filename=" + strings.ReplaceAll(j.Path, ":", `\:`), "--allow_file_create=0", "--rw=" + rw,
		fmt.Sprintf("--size=%d", j.Size), fmt.Sprintf("--bs=%d", j.Block), "--direct=1", "--norandommap",
		"--ioengine=" + j.IOEngine, fmt.Sprintf("--numjobs=%d", j.Threads), "--thread", "--group_reporting",
		"--time_based", fmt.Sprintf("--runtime=%dms", j.Duration.Milliseconds()), fmt.Sprintf("--ramp_time=%dms", j.Ramp.Milliseconds()),
		fmt.Sprintf("--randseed=%d", j.Seed%(1<<31)),
		"--lat_percentiles=1", "--clat_percentiles=0", "--percentile_list=50:99:99.9", "--output-format=json",
	}
	if j.Depth > 1 {
		d := fmt.Sprint(j.Depth)
		args = append(args, "--iodepth="+d, "--iodepth_batch_submit="+d, "--iodepth_batch_complete_min=1", "--iodepth_batch_complete_max="+d)
	}
	return args
}

// Run runs the job. Without fio it fails with ErrMissing.
func (j Job) Run(ctx context.Context) (Measurement, error) {
	path, err := Find()
	if err != nil {
		return Measurement{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, j.Args()...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return Measurement{}, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, lastLine(stderr.String()+stdout.String()))
	}
	m, err := Parse(stdout.Bytes())
	if err != nil {
		return m, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return m, nil
}

// Find is the path of fio.
func Find() (string, error) {
	path, err := exec.LookPath("fio")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return path, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
