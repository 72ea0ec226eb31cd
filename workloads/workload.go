package workloads

import "slices"

// A Workload is what the tasks of a case do.
type Workload struct {
	Name     string
	Doc      string // one paragraph: what it does and what it is to show
	Defaults Params

	Files     int   // data files of a case; each has Params.Size bytes in use
	MinBlocks int64 // blocks that a file must have at least, if more than one

	// Sources says that the upper half of each file holds the sources of
	// direct writes whose buffer is a mapping. Their cells carry the stamps of
	// the place they are copied to, so they are exempt from all checks.
	Sources bool
	// Resizes says that the extents of the files change: the next case wants
	// fresh files if its figures are to compare.
	Resizes bool

	// OneLock says that a lock of the harness is held over every operation, as
	// with Case.Lock.
	OneLock bool

	Roles func(p Params) []Role
}

// Tasks is how many tasks the roles of a case have together.
func (w *Workload) Tasks(p Params) (n int) {
	for _, role := range w.Roles(p) {
		n += role.Threads
	}
	return n
}

// Writers is how many writes the tasks of a case can have open together.
func (w *Workload) Writers(p Params) (n int) {
	for _, role := range w.Roles(p) {
		n += role.Threads * role.depth(p)
	}
	return n
}

// Queued reports whether some role keeps Params.IODepth requests in flight.
func (w *Workload) Queued(p Params) bool {
	return slices.ContainsFunc(w.Roles(p), func(r Role) bool { return r.Queued })
}

// A Role is a number of tasks which do the same.
type Role struct {
	Name    string
	Threads int
	// DirectOnly says that the role does nothing but direct IO, or can do
	// without the rest, so that an engine without a cache runs it too.
	DirectOnly bool
	// Queued says that Body does its direct IO by Context.Direct, which keeps
	// Params.IODepth requests in flight.
	Queued bool
	// Class is what Body does on a schedule, if Paced: it calls c.Next(Class)
	// before each, so that it can be offered at a rate.
	Class Op
	Paced bool
	// Body does operations until c.Done().
	Body func(c *Context)
}

// depth is how many direct requests a task of the role has in flight.
func (r Role) depth(p Params) int {
	if r.Queued {
		return max(p.IODepth, 1)
	}
	return 1
}
