package exec

import (
	"cohbench/core"
	"cohbench/fuzz/prog"
)

// further performs the operations that not every file has.
func (x *files) further(t *core.Task, s *step, f core.File) (int64, error) {
	switch s.Kind {
	case prog.Zero:
		if z, ok := f.(core.ZeroRanger); ok {
			return s.Len, z.ZeroRange(t, s.Off, s.Len)
		}
	case prog.Writeback:
		if w, ok := f.(core.Flusher); ok {
			return 0, w.Writeback(t, s.Off, x.length(s))
		}
	case prog.Readahead:
		if r, ok := f.(core.Readaheader); ok {
			return 0, r.Readahead(t, s.Off, x.length(s))
		}
	case prog.Splice:
		if p, ok := f.(core.Splicer); ok {
			n, err := p.SpliceRead(t, core.Buffer{Mem: s.mem}, s.Off)
			return int64(n), err
		}
	case prog.Reflink:
		if r, ok := f.(core.Reflinker); ok {
			return 0, r.Reflink(t, s.Off, x.open[s.Buf.File], s.Buf.Off, s.Len)
		}
	}
	return 0, &core.UnsupportedError{Feature: "operation " + s.Kind.String(), Why: "the engine has none"}
}
