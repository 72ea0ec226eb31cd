package workloads

import (
	"errors"

	"cohbench/core"
)

// A fallbackCount is how many direct writes of the measured windows became
// buffered ones, by files that must be asked (core.FallbackCounter).
type fallbackCount struct {
	counters []core.FallbackCounter
	before   int64 // when the window began
	n        int64
	unknown  error // why there is no count
}

// begin has the files count.
func (c *fallbackCount) begin(files []*file) error {
	for _, f := range files {
		counter, ok := f.file.(core.FallbackCounter)
		if !ok {
			return nil // a model's tasks count for themselves
		}
		if err := counter.CountFallbacks(); err != nil {
			return c.fail(err)
		}
		c.counters = append(c.counters, counter)
	}
	return nil
}

// fail gives up where there is nothing to count by.
func (c *fallbackCount) fail(err error) error {
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	c.counters, c.unknown = nil, err
	return nil
}

// open and close enclose a window, in which no other direct writes are done
// than those of the tasks.
func (c *fallbackCount) open() (err error) {
	c.before, err = c.sum()
	return err
}

func (c *fallbackCount) close() error {
	n, err := c.sum()
	c.n += n - c.before
	return err
}

func (c *fallbackCount) sum() (sum int64, err error) {
	for _, counter := range c.counters {
		n, err := counter.Fallbacks()
		if err != nil {
			return 0, c.fail(err)
		}
		sum += n
	}
	return sum, nil
}
