package bench

import "time"

// A Progress is told how a run goes. Calls come from one goroutine.
type Progress interface {
	// Start is called once, before the first case: so many cases, expected to
	// take that long.
	Start(cases int, estimate time.Duration)
	// Step is called before each case, with a line that names it.
	Step(text string)
}

type noProgress struct{}

func (noProgress) Start(int, time.Duration) {}
func (noProgress) Step(string)              {}
