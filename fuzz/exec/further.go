package exec

import (
	"cohbench/core"
	"cohbench/fuzz/prog"
)

// further performs the operations that not every file has.
func (x *files) further(t *core.Task, s *step, f core.File) (int64, error) {
	if z, ok := f.(core.ZeroRanger); ok && s.Kind == prog.Zero {
		return s.Len, z.ZeroRange(t, s.Off, s.Len)
	}
	return 0, &core.UnsupportedError{Feature: "operation " + s.Kind.String(), Why: "the engine has none"}
}
