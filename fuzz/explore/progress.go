package explore

import "sync/atomic"

// Progress is how far a search has come, for others to look at meanwhile.
type Progress struct {
	Schedules atomic.Int64 // played, those of earlier passes included
	Steps     atomic.Int64
}

// add counts a schedule. A nil Progress counts nothing.
func (p *Progress) add(steps int64) {
	if p != nil {
		p.Schedules.Add(1)
		p.Steps.Add(steps)
	}
}
