// Package perf counts what this process costs the processor, all of its threads
// together, by perf_event_open(2): as far as the machine has the counters and
// lets us have them. It says of each that is missing why.
//
// The package has no locks. [Counters] is for one goroutine.
package perf

import "fmt"

// Names of the counters. Behind the name of one that may not count what
// happens in the kernel stands ":u", as perf(1) has it.
const (
	Instructions = "instructions"
	Cycles       = "cycles"
	CacheMisses  = "cache-misses"
	TaskClock    = "task-clock-ns"
)

// UserOnly is that suffix.
const UserOnly = ":u"

// A Reading is the counters' values by name, since Open. One that shared its
// hardware with others is scaled up to all of the time.
type Reading map[string]float64

// Sub is the reading less an earlier one.
func (r Reading) Sub(earlier Reading) Reading {
	d := Reading{}
	for name, v := range r {
		d[name] = v - earlier[name]
	}
	return d
}

// Add adds o to r.
func (r Reading) Add(o Reading) {
	for name, v := range o {
		r[name] += v
	}
}

// missing is why a counter is not had.
func missing(err error) string { return fmt.Sprintf("unknown: perf_event_open: %v", err) }
