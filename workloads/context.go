package workloads

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/core"
	"cohbench/core/disk"
)

// epoch is the zero of now.
var epoch = time.Now()

// now is the monotonic clock of all measurements, in ns.
func now() int64 { return int64(time.Since(epoch)) }

// A Context is one task of a case: what it works on, and what it counts. Its
// methods are the operations; they stamp, time, check and count. One
// goroutine uses it at a time.
type Context struct {
	Task  *core.Task
	Rand  *rand.Rand
	P     Params
	Index int // of this task within its role
	Of    int // tasks in its role

	// Cache says that the engine has one. Without it, only direct IO and Sync
	// work, and CopyDirect writes from memory.
	Cache bool

	name  string
	files []target
	buf   []byte // one block, aligned for direct IO
	lock  *sync.RWMutex
	pacer pacer
	loop  *openLoop // the schedule of a class at an offered rate; nil without

	depth    int       // direct requests in flight at once, if the role is Queued; else 1
	writer   int       // id of its first oracle.Writer; it has as many as its depth
	pipeline *pipeline // nil at depth 1

	shared  *shared
	start   int64 // clock at the beginning of the operation under way
	stats   [numOps]opStats
	blocked *hdrhistogram.Histogram // waits for the block side; nil before the first
	err     error                   // the first that no workload expects

	role int // index of the task's role
	body func(c *Context)
	gate chan struct{} // one token per round; closed at the end

	_      [64]byte
	writes atomic.Int64 // odd while a direct write is under way
	hot    atomic.Int64 // offset of the latest direct write, or noBlock
	_      [64]byte

	seen    int64         // the watcher's: writes at its last look
	idle    time.Duration // the watcher's: measured time since writes last changed
	longest time.Duration // the largest idle
}

// shared is what all tasks of a case read while they run.
type shared struct {
	stop       atomic.Bool // the window is over
	ended      int64       // clock at that moment; set before stop
	began      int64       // clock when the round's tasks were released
	syncFailed atomic.Bool // a Sync of this round said EIO
	writers    []*Context  // the tasks that may write directly
}

// noBlock is Context.hot before the first direct write.
const noBlock = -1

func newBuffer(n int) []byte { return disk.Block(n) }

// Done says that the round is over.
func (c *Context) Done() bool { return c.shared.stop.Load() }

// Files is the number of files of the case.
func (c *Context) Files() int { return len(c.files) }

// Block is the offset of a random block.
func (c *Context) Block() int64 { return c.Rand.Int64N(c.P.Blocks()) * int64(c.P.Block) }

// OwnBlock is the offset of a random block among those below limit which no
// other task of this role takes; any block if there are too few.
func (c *Context) OwnBlock(limit int64) int64 {
	n, of := limit/int64(c.P.Block), int64(c.Of)
	if n < of {
		return c.Rand.Int64N(n) * int64(c.P.Block)
	}
	own := (n - int64(c.Index) + of - 1) / of
	return (c.Rand.Int64N(own)*of + int64(c.Index)) * int64(c.P.Block)
}

// Page is the offset of a random page.
func (c *Context) Page() int64 { return c.Rand.Int64N(c.P.Size/core.PageSize) * core.PageSize }

// Cell is the offset of a random 8-byte cell in the n bytes at off.
func (c *Context) Cell(off, n int64) int64 { return off + c.Rand.Int64N(n/8)*8 }

// HotBlock is the offset of a block that a direct writer is writing now, or
// has just written.
func (c *Context) HotBlock() int64 {
	if ws := c.shared.writers; len(ws) > 0 {
		if off := ws[c.Rand.IntN(len(ws))].hot.Load(); off != noBlock {
			return off
		}
	}
	return c.Block()
}

// begin starts the clock of an operation.
func (c *Context) begin(op Op) {
	if c.lock != nil {
		c.lock.Lock()
	}
	c.Task.Op(opNames[op])
	c.start = now()
}

// end stops the clock and counts the operation. It returns when that was.
func (c *Context) end(op Op, n int, err error) int64 {
	at := now()
	if c.lock != nil {
		c.lock.Unlock()
	}
	c.Task.Op("")
	ns := at - c.start
	if due := c.takeDue(op); due != 0 && err == nil {
		recordIn(&c.stats[op].service, ns)
		ns = at - due
	}
	c.count(op, ns, n, err)
	return at
}

// count counts an operation that took ns.
func (c *Context) count(op Op, ns int64, n int, err error) {
	if err != nil {
		c.fail(op, err)
		return
	}
	s := &c.stats[op]
	s.record(ns)
	if !c.Done() {
		s.ops++
		s.bytes += int64(n)
	}
}

// fail counts an error. One that no workload expects is kept: it ends the
// case. A Sync or an Msync may say EIO, that is how an engine owns up to a loss;
// from any other operation it means that the disk has failed.
func (c *Context) fail(op Op, err error) {
	class := classify(err)
	c.stats[op].errs[class]++
	unexpected := class == errOther || class == errIO && op != OpSync && op != OpMsync
	if unexpected && c.err == nil {
		c.err = fmt.Errorf("%s: %w", op, err)
	}
}
