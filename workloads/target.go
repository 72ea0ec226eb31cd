package workloads

import (
	"cohbench/core"
	"cohbench/workloads/oracle"
)

// A target is one file as one task uses it.
type target struct {
	file core.File
	m    core.Mapping   // all of the file that is in use; nil without a cache
	size int64          // of the whole file, in bytes
	w    *oracle.Writer // nil without an oracle, as is r
	r    *oracle.Reader
}

// beginWrite, fill and endWrite put the oracle around a write. Without one
// they do nothing, and the buffer keeps its contents.
func (t *target) beginWrite(off int64, n int) {
	if t.w != nil {
		t.w.Begin(off, int64(n))
	}
}

func (t *target) beginZero(off, n int64) {
	if t.w != nil {
		t.w.BeginZero(off, n)
	}
}

func (t *target) fill(p []byte, off int64) {
	if t.w != nil {
		t.w.Fill(p, off)
	}
}

func (t *target) word(off int64) uint64 {
	if t.w == nil {
		return 0
	}
	return t.w.Word(off)
}

// endWrite closes a write that returned err at the time at, in ns.
func (t *target) endWrite(at int64, err error) {
	switch {
	case t.w == nil:
	case err == nil:
		t.w.End(at)
	default:
		t.w.Fail()
	}
}

func (t *target) beginRead(off int64, n int) {
	if t.r != nil {
		t.r.Begin(off, int64(n))
	}
}

// endRead checks what a read returned that began at the time start, in ns: p,
// shorter than asked for where the file ended.
func (t *target) endRead(p []byte, start int64, err error) {
	switch {
	case t.r == nil:
	case err == nil:
		t.r.Began = start
		t.r.Check(p)
	default:
		t.r.Cancel()
	}
}

func (t *target) endLoad(v uint64, start int64, err error) {
	switch {
	case t.r == nil:
	case err == nil:
		t.r.Began = start
		t.r.CheckWord(v)
	default:
		t.r.Cancel()
	}
}
