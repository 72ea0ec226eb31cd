package fio

import (
	"fmt"

	"cohbench/bench/quantity"
	"cohbench/core"
	"cohbench/core/kernelfs"
	"cohbench/workloads"
)

// A Setting is what all contenders of a comparison do.
type Setting struct {
	Write    bool   `json:"write"`
	IOEngine string `json:"ioengine"` // of fio
	Threads  int    `json:"threads"`
	Depth    int    `json:"depth"` // requests in flight per thread
	Block    int    `json:"block"` // bytes
	Size     int64  `json:"size"`  // bytes

	engines []core.Engine
}

// Settings is what there is to compare, in display order: reads and writes by
// pread and pwrite, by libaio and by io_uring.
func Settings(block int, size int64, depth int) []Setting {
	calls := []core.Engine{core.Raw{}, kernelfs.Engine{}}
	var list []Setting
	for _, write := range []bool{false, true} {
		for _, s := range []Setting{
			{IOEngine: "psync", Threads: 1, Depth: 1, engines: calls},
			{IOEngine: "psync", Threads: 4, Depth: 1, engines: calls},
			{IOEngine: "libaio", Threads: 1, Depth: depth, engines: []core.Engine{kernelfs.Engine{Direct: kernelfs.AIO}}},
			{IOEngine: "io_uring", Threads: 1, Depth: depth, engines: []core.Engine{kernelfs.Engine{Direct: kernelfs.URing}}},
		} {
			s.Write, s.Block, s.Size = write, block, size
			list = append(list, s)
		}
	}
	return list
}

// String is the heading of a comparison.
func (s Setting) String() string {
	what, tasks := "direct read", "1 thread"
	if s.Write {
		what = "direct write"
	}
	if s.Threads != 1 {
		tasks = fmt.Sprintf("%d threads", s.Threads)
	}
	return fmt.Sprintf("%s, %s, %s, %d in flight each, %s blocks, %s file",
		what, s.IOEngine, tasks, s.Depth, quantity.Bytes(int64(s.Block)), quantity.Bytes(s.Size))
}

// Probe tries whether the machine can run the engines of s. A refusal Is
// errors.ErrUnsupported.
func (s Setting) Probe() error {
	for _, e := range s.engines {
		if p, ok := e.(interface{ Probe() error }); ok {
			if err := p.Probe(); err != nil {
				return err
			}
		}
	}
	return nil
}

// workload is the counterpart of fio's randread or randwrite.
func (s Setting) workload() *workloads.Workload {
	if s.Write {
		return workloads.DirectWrite
	}
	return workloads.DirectRead
}

// class is the class of its operations.
func (s Setting) class() string {
	if s.Write {
		return workloads.OpDirectWrite.String()
	}
	return workloads.OpDirectRead.String()
}

func (s Setting) params() workloads.Params {
	return workloads.Params{Threads: s.Threads, Block: s.Block, Size: s.Size, IODepth: s.Depth}
}
