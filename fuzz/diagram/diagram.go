// Package diagram draws a run as a table of time: a row for each step that
// changed something, a column for each task, and one for the state of each
// page, as text or as a picture in a page of HTML.
package diagram

// Diagram is a run to be drawn.
type Diagram struct {
	Title string
	Tasks []string // names of the columns of tasks
	State []string // names of the columns of state
	First []string // the state before the first row
	Rows  []Row
	Notes []string // what is to be said of the run as a whole
}

// Row is one step.
type Row struct {
	Step  int64
	Task  int      // whose step it was
	Lines []string // what it did; the first line may be an operation
	State []string // after it
	Begin bool     // an operation begins: the first line names it
	End   bool     // one ends
	Mark  string   // what is wrong with what it returned; empty: nothing
}
