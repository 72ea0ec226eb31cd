package prog

// PageSize is the unit of caching in bytes, and that of page indices here.
const PageSize = 4096

// Program is a test: what is there, who does what, and what is looked for.
type Program struct {
	Name     string
	Doc      string // the comment before the test, without its marks
	Files    []File
	Options  Options
	Tasks    []Task
	Conds    []Cond   // any of them is looked for; none: every violation is
	Expect   []Expect // which verdict is expected of which engines
	Engine   string   // what a schedule was found on; empty: none given
	Schedule []Switch // nil: none given
	Trace    uint64   // hash of the steps under Schedule on Engine; 0: unknown

	Run  RunNotes
	Tail []string // comments after the last statement
}

// Note is the comments of a statement: the lines above it and the one beside.
// They are kept without their marks.
type Note struct {
	Above  []string
	Beside string
}

// RunNotes is the comments of what is said about one run.
type RunNotes struct{ Engine, Schedule, Trace Note }

// Range is pages [Start, End) of a file.
type Range struct{ Start, End int64 }

// File is a file as the tasks find it. What is no hole is data, each word of it
// known.
type File struct {
	Note
	Name     string
	Size     int64   // bytes
	Holes    []Range // never written: they read as zeros
	Resident []int64 // pages that are cached and clean
	Dirty    []int64 // pages that are cached and newer than the disk
	FS       int     // which file system it is on; those of no number, 0, share one
}

// Pages is how many pages the file has at the start, the last perhaps partly
// beyond its end.
func (f *File) Pages() int64 { return (f.Size + PageSize - 1) / PageSize }

// InHole reports whether a page of the file was never written.
func (f *File) InHole(page int64) bool {
	for _, r := range f.Holes {
		if r.Start <= page && page < r.End {
			return true
		}
	}
	return false
}

// Task is operations in order.
type Task struct {
	Note
	Name string
	// MM is the lowest number of a task with which this one shares its address
	// space, as threads of a process do; its own number if it is the first.
	MM  int
	Ops []Op
}

// Switch hands the processor to task To when After yield points have passed
// since the switch before. Between switches a task runs on until it ends or
// waits; then the lowest-numbered task that can run goes on.
type Switch struct {
	After int64
	To    int
}
