//go:build !linux

package perf

import "errors"

// Counters counts nothing here.
type Counters struct{ Missing map[string]string }

// Open says that there are no counters.
func Open() *Counters {
	c := &Counters{Missing: map[string]string{}}
	for _, name := range []string{Instructions, Cycles, CacheMisses, TaskClock} {
		c.Missing[name] = missing(errors.ErrUnsupported)
	}
	return c
}

// Read is empty.
func (c *Counters) Read() Reading { return nil }

// Close does nothing.
func (c *Counters) Close() {}
