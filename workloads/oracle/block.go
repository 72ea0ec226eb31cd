package oracle

import "sync/atomic"

const writerBits = 10

// block is what is known about one block and its cells.
type block struct {
	m atomic.Uint64
}
