package fio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// A Measurement is what one contender did in one run. Latencies, in ns, run
// from a request's own submission to its end.
type Measurement struct {
	Rate float64 `json:"rate"` // requests per second
	Ops  int64   `json:"ops"`  // requests
	P50  int64   `json:"p50_ns"`
	P99  int64   `json:"p99_ns"`
	P999 int64   `json:"p999_ns"`
}

// output is the part of fio's JSON that is used; fio(1), "JSON OUTPUT".
type output struct {
	Version string `json:"fio version"`
	Jobs    []struct {
		Error int       `json:"error"`
		Read  direction `json:"read"`
		Write direction `json:"write"`
	} `json:"jobs"`
}

type direction struct {
	IOPS    float64 `json:"iops"`
	Total   int64   `json:"total_ios"`
	Latency struct {
		Percentile map[string]int64 `json:"percentile"`
	} `json:"lat_ns"`
}

// Parse reads what fio printed with --output-format=json for one group of
// jobs.
func Parse(text []byte) (Measurement, error) {
	// Warnings of fio stand before the JSON.
	at := bytes.IndexByte(text, '{')
	if at < 0 {
		return Measurement{}, errors.New("fio's output has no JSON in it")
	}
	var out output
	if err := json.Unmarshal(text[at:], &out); err != nil {
		return Measurement{}, fmt.Errorf("fio's JSON: %w", err)
	}
	if len(out.Jobs) != 1 {
		return Measurement{}, fmt.Errorf("fio's JSON: %d groups of jobs, want 1", len(out.Jobs))
	}
	job := out.Jobs[0]
	if job.Error != 0 {
		return Measurement{}, fmt.Errorf("fio's JSON: the job ended with error %d", job.Error)
	}
	d := job.Read
	if d.Total == 0 {
		d = job.Write
	}
	p := d.Latency.Percentile
	m := Measurement{d.IOPS, d.Total, p["50.000000"], p["99.000000"], p["99.900000"]}
	if m.Ops == 0 || m.Rate == 0 || m.P50 == 0 || m.P99 == 0 || m.P999 == 0 {
		return m, fmt.Errorf("fio's JSON: no requests, or no percentiles of lat_ns, from fio %s", out.Version)
	}
	return m, nil
}
