package exec

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"cohbench/core"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// files is the files of a program and their mappings on some engine, as its
// operations see them.
type files struct {
	open []core.File
	maps [][]*mapping // by address space and file
	tick atomic.Int64 // orders the starts and ends of operations
}

// mapping is a file in an address space.
type mapping struct {
	now  atomic.Pointer[core.Mapping] // nil after unmap
	span int64                        // bytes
}

// errUnmapped is SIGSEGV.
var errUnmapped = fmt.Errorf("access to a mapping that was removed (SIGSEGV)")

// locOrder is the location of the steps that begin and end operations: which
// operation ended before which began is part of what a run shows.
const locOrder sched.Loc = 1

// run performs the operations of a task until the case is cancelled.
func (x *files) run(t *core.Task, steps []step, tasks []prog.Task) {
	for i := range steps {
		s := &steps[i]
		t.Yield(locOrder, sched.KindBegin)
		s.start = x.tick.Add(1)
		s.n, s.err = x.do(t, s, tasks[s.task].MM)
		if t.Err() != nil {
			return
		}
		t.Yield(locOrder, sched.KindEnd)
		s.end = x.tick.Add(1)
	}
}

// do performs an operation and returns how many bytes it moved.
func (x *files) do(t *core.Task, s *step, mm int) (int64, error) {
	f := x.open[s.File]
	switch s.Kind {
	case prog.Read, prog.Write, prog.ReadDirect, prog.WriteDirect:
		b, err := x.buffer(s, mm)
		if err != nil {
			return 0, err
		}
		n, err := transfer(f, s.Kind)(t, b, s.Off)
		return int64(n), err
	case prog.Load, prog.Store, prog.CopyOut, prog.CopyIn:
		return x.access(t, s, mm)
	case prog.Truncate:
		return 0, f.Truncate(t, s.Len)
	case prog.Punch:
		return s.Len, f.PunchHole(t, s.Off, s.Len)
	case prog.Sync:
		return 0, f.Sync(t)
	case prog.Evict:
		return 0, f.Evict(t, s.Off, x.length(s))
	case prog.Map, prog.Unmap:
		return 0, x.remap(t, s, mm)
	}
	return x.further(t, s, f)
}

// transfer is the method of a file for a read or write.
func transfer(f core.File, k prog.Kind) func(*core.Task, core.Buffer, int64) (int, error) {
	switch k {
	case prog.Read:
		return f.ReadAt
	case prog.Write:
		return f.WriteAt
	case prog.ReadDirect:
		return f.ReadDirect
	}
	return f.WriteDirect
}

// length is how many bytes the operation is about.
func (x *files) length(s *step) int64 {
	if s.Len == 0 {
		return x.open[s.File].Size()
	}
	return s.Len
}

// buffer is the memory of an operation.
func (x *files) buffer(s *step, mm int) (core.Buffer, error) {
	if !s.Buf.Mapped {
		return core.Buffer{Mem: s.mem}, nil
	}
	m := x.maps[mm][s.Buf.File].now.Load()
	if m == nil {
		return core.Buffer{}, errUnmapped
	}
	return core.Buffer{Map: *m, Off: s.Buf.Off, Len: int(s.Len)}, nil
}

// access goes through the mapping.
func (x *files) access(t *core.Task, s *step, mm int) (int64, error) {
	p := x.maps[mm][s.File].now.Load()
	if p == nil {
		return 0, errUnmapped
	}
	m, n := *p, 0
	var err error
	switch s.Kind {
	case prog.Load:
		if s.word, err = m.Load(t, s.Off); err == nil {
			n = cellSize
			binary.NativeEndian.PutUint64(s.mem, s.word)
		}
	case prog.Store:
		if err = m.Store(t, s.Off, s.word); err == nil {
			n = cellSize
		}
	case prog.CopyOut:
		n, err = m.ReadAt(t, s.mem, s.Off)
	case prog.CopyIn:
		n, err = m.WriteAt(t, s.mem, s.Off)
	}
	return int64(n), err
}

// remap maps or unmaps the file.
func (x *files) remap(t *core.Task, s *step, mm int) error {
	slot := x.maps[mm][s.File]
	if s.Kind == prog.Unmap {
		if m := slot.now.Swap(nil); m != nil {
			return (*m).Unmap(t)
		}
		return nil
	}
	if slot.now.Load() != nil {
		return nil
	}
	m, err := x.open[s.File].Map(t, 0, slot.span)
	if err == nil && !slot.now.CompareAndSwap(nil, &m) {
		err = m.Unmap(t)
	}
	return err
}
