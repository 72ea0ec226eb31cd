package workloads

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/core"
	"cohbench/core/perf"
	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// The Status of a case.
const (
	StatusOK          = "ok"
	StatusDeadlock    = "deadlock"    // found in the wait-for graph
	StatusStarved     = "starved"     // a direct writer went without a completion
	StatusUnsupported = "unsupported" // the engine has none of the operations
	StatusError       = "error"       // the environment failed, or nothing moved any more
	StatusInterrupted = "interrupted" // the caller's context ended
)

// An Outcome is what a case measured. Its figures cover the measured windows
// only, but Oracle and LossRounds, which cover the checks at rest after them.
type Outcome struct {
	Status string
	Detail string // text for Status: the error, the deadlock, who starved

	Elapsed time.Duration // all measured windows
	Rounds  int
	Classes map[string]*Class // by class of operation: "direct-write", "load", ...

	Oracle      oracle.Counts      // warm-up not included
	Warmup      oracle.Counts      // of the warm-up and what was found at rest after it
	Violations  []oracle.Violation // the first few, those of the warm-up included
	LossRounds  int                // rounds at whose end something was lost or incoherent
	StaleRounds int                // rounds with a stale, inverted, flipped or torn read
	EIORounds   int                // rounds in which a Sync said EIO
	PerRound    []Round            // what was seen in each
	QuietEIO    int                // of these, rounds that lost nothing: the error came without a loss

	Stats core.TaskStats
	// Uncounted is why Stats.Fallbacks says nothing; "" if it does.
	Uncounted string
	Waits     [sched.NumModes]sched.WaitStats
	Wake      sched.WakeStats
	// BlockTime is how long direct writers waited for the block side of the
	// pagecache lock, not at all included, in ns; nil if none asked for it.
	BlockTime *hdrhistogram.Histogram

	CPU         time.Duration // user and system time of the process
	System      time.Duration // of that, in the kernel
	CtxSwitches int64
	Voluntary   int64 // of these: the thread slept
	MinorFaults int64 // the host's, not the engine's
	MajorFaults int64
	GCs         int64

	Perf   perf.Reading // empty without Case.Counters
	Steady *Steady      // nil without Case.Steady

	Deadlock *sched.Deadlock
	Starved  []Starvation
}

// A Class is one class of operations, over all tasks.
type Class struct {
	Ops     int64 // completed inside the windows
	Bytes   int64
	Late    int64 // of paced tasks: begun more than 2 ms and one period after their time
	Hist    *hdrhistogram.Histogram
	Dropped int64            // latencies beyond the histogram's range
	Errors  map[string]int64 // by class of error: "EFAULT", "SIGBUS", "EIO", ...

	// Jain is how evenly the tasks of the roles that do such operations shared
	// them: from 1, each as many, to 1/n, one of n all.
	Jain float64
	// Offered is how many operations per second were to begin; 0: as they went.
	Offered float64
	Open    *Open // of a class at an offered rate: Hist counts from when an operation was due
}

// Open is how a class kept up with the rate at which it was offered.
type Open struct {
	Arrival    Arrival
	Due        int64 // operations whose time came inside the windows
	Unserved   int64 // of these, not begun when their round ended; in Hist with what they had waited
	MaxBacklog int64 // most operations due and not begun, of one task

	Service   *hdrhistogram.Histogram // from the call to its return
	Generator *hdrhistogram.Histogram // from when an operation was due until a task that was idle came to it
}

// A Round is what one round saw.
type Round struct {
	Exposures  int64
	StaleReads int64 // reads with at least one stale cell
	Lost       bool  // something was lost or incoherent at its end
}

// A Starvation is a direct writer which went without a completion.
type Starvation struct {
	Task string
	For  time.Duration // of measured window
}
