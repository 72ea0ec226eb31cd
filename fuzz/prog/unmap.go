package prog

// UnmapsShared returns the first operation that removes a mapping which another
// task of the same address space uses. On real threads that is an access to an
// address that may by then belong to something else; on the model it is SIGSEGV
// at worst.
func (p *Program) UnmapsShared() (task, op int, found bool) {
	for t := range p.Tasks {
		for i := range p.Tasks[t].Ops {
			if o := &p.Tasks[t].Ops[i]; o.Kind == Unmap && p.usesMapping(t, o.File) {
				return t, i, true
			}
		}
	}
	return 0, 0, false
}

// usesMapping reports whether a task other than t, of its address space, uses
// the mapping of a file.
func (p *Program) usesMapping(t, file int) bool {
	for u := range p.Tasks {
		if u == t || p.Tasks[u].MM != p.Tasks[t].MM {
			continue
		}
		for i := range p.Tasks[u].Ops {
			if p.Tasks[u].Ops[i].usesMapping(file) {
				return true
			}
		}
	}
	return false
}

// usesMapping reports whether the operation goes through the mapping of a file.
func (o *Op) usesMapping(file int) bool {
	switch o.Kind {
	case Load, Store, CopyOut, CopyIn:
		return o.File == file
	}
	return o.Buf.Mapped && o.Buf.File == file
}
