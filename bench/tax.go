package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
	"cohbench/core/sched"
	"cohbench/workloads"
)

// The pages of the file that the tax is measured on: MaxPin pages in a row at
// its start, which buffers are made of; then pages so far apart that the
// kernel's fault-around (64 KiB) finds no other to map; then a place to write.
const (
	taxPages  = 8
	taxStride = 16 * core.PageSize
	taxTarget = (1 + taxPages) * taxStride
	taxSize   = taxTarget + kernelfs.MaxPin*core.PageSize
)

// Limits of the measurement: turns of all MMUs, and how long an operation may
// go on for new ones. Twelve turns leave two out at either end of an interval.
const (
	taxTurns  = 12
	taxBudget = 90 * time.Millisecond
)

// A subject is pages under one MMU. kernelfs.Native says what the methods do;
// it is one.
type subject interface {
	Touch(offs []int64) error
	Unmap(offs []int64) error
	Evict(offs []int64) error
	Gone(offs []int64) error
	Pin(off int64, n int) error
	Unpin() error
	Close() error
}

// MeasureTax measures, within half a second, what pages cost under the kernel
// and under each MMU that the models may have. It makes a file of about a
// megabyte in dir and removes it. MMUs and operations that cannot be had are in
// the result, with the reason; without a file there is no result.
func MeasureTax(dir string) (*result.Tax, error) {
	start := time.Now()
	file, err := newTaxFile(dir)
	if err != nil {
		return nil, err
	}
	defer tuneForTax()()
	columns := taxColumns(file)
	tax := &result.Tax{}
	for _, op := range taxOps {
		tax.Rows = append(tax.Rows, op.row(columns))
	}
	for _, c := range columns {
		if c.subject != nil {
			err = errors.Join(err, c.Close())
		}
	}
	tax.Seconds = time.Since(start).Seconds()
	return tax, errors.Join(err, file.Remove())
}

// newTaxFile makes a file with something to read in it: reserved blocks that
// nobody has written read as zeros without the device.
func newTaxFile(dir string) (*disk.File, error) {
	file, err := disk.Create(filepath.Join(dir, fmt.Sprintf("cohbench-%d-tax-%d.dat", os.Getpid(), rand.Uint32())), taxSize)
	if err != nil {
		return nil, err
	}
	t := sched.NewGroup().Thread("tax")
	_, err = file.WriteAt(t, disk.Block(taxSize), 0)
	if err = errors.Join(err, file.Sync(t)); err != nil {
		return nil, errors.Join(err, file.Remove())
	}
	return file, nil
}

// tuneForTax gives the runtime the processors that a case of one task has, and
// keeps the collector out. The result undoes it.
func tuneForTax() (restore func()) {
	percent := debug.SetGCPercent(-1)
	procs := runtime.GOMAXPROCS(workloads.DefaultProcs(1))
	return func() {
		runtime.GOMAXPROCS(procs)
		debug.SetGCPercent(percent)
	}
}

// A taxColumn is a subject, or why there is none.
type taxColumn struct {
	name string
	subject
	err error
}

// taxColumns is the kernel, then the MMUs in display order.
func taxColumns(file *disk.File) []taxColumn {
	native, err := kernelfs.OpenNative(file.Path())
	columns := []taxColumn{{result.NativeTables, native, err}}
	for _, k := range mmu.Kinds() {
		m, err := newModelPages(k, file)
		if err != nil {
			columns = append(columns, taxColumn{name: k.String(), err: err})
			continue
		}
		columns = append(columns, taxColumn{k.String(), m, nil})
	}
	if err != nil {
		columns[0].subject = nil // not an interface of a nil
	}
	return columns
}

// row measures one operation on all columns, in turns: one round without
// looking, then until there are enough or the time is over.
func (op taxOp) row(columns []taxColumn) result.TaxRow {
	series := make([]map[int]float64, len(columns))
	why := make([]error, len(columns))
	for i, c := range columns {
		series[i], why[i] = map[int]float64{}, c.err
	}
	start := time.Now()
	for turn := -1; turn < taxTurns && (turn < 1 || time.Since(start) < taxBudget); turn++ {
		for _, i := range Order(0, max(turn, 0), len(columns)) {
			if why[i] != nil {
				continue
			}
			ns, err := op.perPage(columns[i])
			if err != nil {
				why[i] = err
			} else if turn >= 0 {
				series[i][turn] = ns
			}
		}
	}
	row := result.TaxRow{Op: op.name, Native: op.native, Model: op.model}
	for i, c := range columns {
		row.Costs = append(row.Costs, taxCost(c.name, series[i], series[0], why[i]))
	}
	return row
}

// taxCost sums up the turns of one column.
func taxCost(name string, ns, native map[int]float64, why error) result.Cost {
	c := result.Cost{MMU: name}
	if why != nil {
		c.Ns.Why, c.Ratio.Why = why.Error(), why.Error()
		return c
	}
	var values []float64
	for _, v := range ns {
		values = append(values, v)
	}
	c.Ns = figure(compare.Median(values))
	if name == result.NativeTables {
		return c
	}
	r := compare.Paired(ns, native)
	if r.Refused != "" {
		c.Ratio.Why = r.Refused
		return c
	}
	c.Ratio = figure(r.Estimate)
	return c
}

// figure is an estimate as it is kept.
func figure(e compare.Estimate) result.Figure {
	f := result.Figure{N: e.N}
	if e.N > 0 {
		f.Median = e.Center
	}
	if e.Interval() {
		f.Lo, f.Hi = e.Lo, e.Hi
	} else if len(e.Warnings) > 0 {
		f.Why = e.Warnings[len(e.Warnings)-1]
	}
	return f
}
