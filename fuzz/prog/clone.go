package prog

import "slices"

// Clone is a copy that shares nothing which changes of programs change: notes
// and conditions are shared.
func (p *Program) Clone() *Program {
	q := *p
	q.Files = slices.Clone(p.Files)
	for i := range q.Files {
		f := &q.Files[i]
		f.Holes, f.Resident, f.Dirty = slices.Clone(f.Holes), slices.Clone(f.Resident), slices.Clone(f.Dirty)
	}
	q.Tasks = slices.Clone(p.Tasks)
	for i := range q.Tasks {
		q.Tasks[i].Ops = slices.Clone(p.Tasks[i].Ops)
	}
	q.Schedule = slices.Clone(p.Schedule)
	return &q
}

// Size is the number of operations.
func (p *Program) Size() (n int) {
	for i := range p.Tasks {
		n += len(p.Tasks[i].Ops)
	}
	return n
}

// Rename gives files and tasks the names that the binary form gives them.
func (p *Program) Rename() {
	for i := range p.Files {
		p.Files[i].Name = fileName(i)
	}
	for i := range p.Tasks {
		p.Tasks[i].Name = taskName(i)
	}
}
