package result

import (
	"fmt"
	"strings"
	"time"
)

// Schema is the version of the on-disk format. It stands in env.json and in
// every record; a reader refuses any other.
const Schema = 1

// Statuses of a measured case.
const (
	StatusOK          = "ok"          // ran to its end
	StatusDeadlock    = "deadlock"    // the wait-for graph had a cycle, or the timeout struck
	StatusStarved     = "starved"     // a direct writer went without a completion for too long
	StatusUnsupported = "unsupported" // the engine does not offer what the workload needs
	StatusError       = "error"       // the environment failed; Detail says how
)

// A Record is one line of results.jsonl: one engine on one workload with one
// number of threads, measured once. Rates and latencies are of the measured
// windows only; preparation, warm-up and quiesce checks are outside them.
type Record struct {
	Schema   int       `json:"schema"`
	Time     time.Time `json:"time"` // when the case ended
	Engine   string    `json:"engine"`
	Workload string    `json:"workload"`
	Threads  int       `json:"threads"`
	Rep      int       `json:"rep"`               // repetition, from 0
	Pair     int       `json:"pair,omitempty"`    // 0, or the index of an identical twin (A/A)
	Seconds  float64   `json:"seconds"`           // measured, s
	MMU      string    `json:"mmu"`               // "soft", "userfaultfd", "kernel", "none"
	IO       string    `json:"io"`                // what O_DIRECT really is here: "direct", "buffered", "unknown"
	Block    int       `json:"block"`             // bytes per IO
	Size     int64     `json:"size"`              // bytes per file
	IODepth  int       `json:"iodepth,omitempty"` // direct requests in flight per task that keeps a queue; 0: one
	Set      string    `json:"set,omitempty"`     // what was set besides, by name: "partners=1,round=20ms,rate/store=20000"; see Setting
	Seed     uint64    `json:"seed"`

	Ops     map[string]int64   `json:"ops"`              // completed operations by class
	Rate    map[string]float64 `json:"rate"`             // operations per second by class
	Bytes   map[string]int64   `json:"bytes,omitempty"`  // bytes moved by class
	Latency map[string]Latency `json:"latency_ns"`       // by class: from the call to its return, or from when it was due; see OpenLoop
	Errors  map[string]int64   `json:"errors,omitempty"` // failed operations, by "class: error"
	// Hist names, by class, the log below hist/ with the whole distribution.
	// Besides the classes there may be HistBlock and, for a class at an
	// offered rate, its name with HistService or HistGenerator behind it.
	Hist map[string]string `json:"hist,omitempty"`

	// Offered is, by class, how many operations per second were to begin, all
	// tasks together: of classes that keep a schedule, be it the workload's own
	// (fault-rate) or one asked for (OpenLoop). What was served is Rate.
	Offered  map[string]float64  `json:"offered,omitempty"`
	OpenLoop map[string]OpenLoop `json:"open_loop,omitempty"` // by class: those whose rate was asked for

	// Jain is, by class, how evenly the tasks that do such operations shared
	// them (Jain, Chiu and Hawe, DEC-TR-301, 1984): 1 if each completed the
	// same number, 1/n if one of n completed them all.
	Jain map[string]float64 `json:"jain,omitempty"`

	CPUNsPerOp       float64 `json:"cpu_ns_per_op"`       // user and system time of the process
	SystemNsPerOp    float64 `json:"system_ns_per_op"`    // of that, in the kernel
	CtxSwitchesPerOp float64 `json:"ctx_switches_per_op"` // voluntary and not
	VoluntaryPerOp   float64 `json:"voluntary_per_op"`    // of these, voluntary: the task slept
	MinorFaultsPerOp float64 `json:"minor_faults_per_op"` // of the host process (getrusage), not of the engine
	MajorFaultsPerOp float64 `json:"major_faults_per_op"`
	GC               int     `json:"gc"` // collections inside the measured windows

	// Perf is the counters of perf_event_open(2), per operation of any class,
	// as far as the machine has them and lets us: "instructions", "cycles",
	// "cache-misses", "task-clock-ns". Env.Probed says why one is missing.
	Perf map[string]float64 `json:"perf_per_op,omitempty"`

	Steady *Steady `json:"steady,omitempty"` // only if a steady state was asked for

	// Exposures counts direct writes during which another task tried to add
	// an overlapping page: the chances there were to go wrong.
	Exposures   int64 `json:"exposures"`
	Rounds      int64 `json:"rounds"`       // each ended by a quiesce check
	LossRounds  int64 `json:"loss_rounds"`  // rounds whose quiesce check found lost cells
	StaleRounds int64 `json:"stale_rounds"` // rounds in which some read was stale
	EIORounds   int64 `json:"eio_rounds"`   // rounds in which a sync said EIO
	QuietEIO    int64 `json:"quiet_eio"`    // of these, rounds whose quiesce check found nothing lost

	// PerRound is what was seen in each round, as long as they are few: rounds
	// are what comes independently of one another, stale reads are not.
	PerRound *PerRound `json:"per_round,omitempty"`

	Oracle    Oracle     `json:"oracle"`
	Staleness *Staleness `json:"staleness,omitempty"` // how stale, and how soon after a write; absent without an oracle
	Lock      Lock       `json:"lock"`

	// BlockTime is how long direct writers waited for the block side of the
	// pagecache lock, acquisitions that need not wait, which count as 0,
	// included. Absent where there is no such lock.
	BlockTime *Latency `json:"block_time_ns,omitempty"`

	// Uncounted is why Lock.Fallbacks is not the number of direct writes that
	// became buffered; "" where it is.
	Uncounted string `json:"uncounted,omitempty"`

	Status string `json:"status"`
	Detail string `json:"detail,omitempty"` // deadlock report, error, first violations
}

// PerRound has an element for each round, or for each so many in a row where
// there were too many rounds.
type PerRound struct {
	Rounds     int     `json:"rounds"` // in a row to an element
	Exposures  []int64 `json:"exposures"`
	StaleReads []int64 `json:"stale_reads"` // with at least one stale cell
	LossRounds []int64 `json:"loss_rounds"`
}

// Valid reports whether there is an element of each kind for each round: a file
// may hold anything.
func (p *PerRound) Valid() bool {
	return p != nil && len(p.Exposures) == len(p.StaleReads) && len(p.Exposures) == len(p.LossRounds)
}

// Latency sums up a distribution of times, in ns.
type Latency struct {
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P99   int64 `json:"p99"`
	P999  int64 `json:"p999"`
	P9999 int64 `json:"p9999"`
	Max   int64 `json:"max"`
	// OutOfRange counts values the histogram could not hold. They are in no
	// percentile.
	OutOfRange int64 `json:"out_of_range,omitempty"`
}

// Oracle counts what the oracle saw. All but Checked, StaleEvents and the
// maxima count cells (8-byte words).
type Oracle struct {
	Checked          int64 `json:"checked"` // words compared
	Stale            int64 `json:"stale"`
	StaleEvents      int64 `json:"stale_events"` // reads with at least one stale cell
	Inverted         int64 `json:"inverted"`
	Flipped          int64 `json:"flipped"`
	Torn             int64 `json:"torn"`
	Nowhere          int64 `json:"nowhere"`
	Lost             int64 `json:"lost"`
	SilentLost       int64 `json:"silent_lost"` // lost though every Sync succeeded
	Incoherent       int64 `json:"incoherent"`  // views that differ at quiesce
	InFlight         int64 `json:"in_flight"`   // seen beside a newer write still in flight: held against nobody
	MaxStaleVersions int64 `json:"max_stale_versions"`
	MaxStaleNs       int64 `json:"max_stale_ns"`
}

// Broken reports whether anything was seen that an engine which claims
// coherence must never show.
func (o Oracle) Broken() bool { return o.BrokenCells() != 0 }

// BrokenCells counts the cells that break a claim of coherence. A cell may be
// counted more than once, in different ways.
func (o Oracle) BrokenCells() int64 {
	return o.Stale + o.Inverted + o.Flipped + o.Torn + o.Nowhere + o.Lost + o.SilentLost + o.Incoherent
}

// Lock counts what the locks and the direct path did. Times are in ns.
type Lock struct {
	Adds           int64 `json:"adds"`
	Blocks         int64 `json:"blocks"`
	AddWaits       int64 `json:"add_waits"`
	BlockWaits     int64 `json:"block_waits"`
	AddWaitNs      int64 `json:"add_wait_ns"`
	BlockWaitNs    int64 `json:"block_wait_ns"`
	MaxAddWaitNs   int64 `json:"max_add_wait_ns"`
	MaxBlockWaitNs int64 `json:"max_block_wait_ns"`
	HerdMax        int64 `json:"herd_max"` // most waiters woken by one unlock
	Woken          int64 `json:"woken"`
	Drops          int64 `json:"drops"`      // locks cycled by the fault handler
	Retries        int64 `json:"retries"`    // direct writes which pinned again
	EFAULT         int64 `json:"efault"`     // buffer pages refused
	EBUSY          int64 `json:"ebusy"`      // invalidations that met a dirty page
	Fallbacks      int64 `json:"fallbacks"`  // direct writes which became buffered
	PostFails      int64 `json:"post_fails"` // invalidations after the IO that failed
	Faults         int64 `json:"faults"`
	Fills          int64 `json:"fills"`
	Mkwrites       int64 `json:"mkwrites"`
	Writebacks     int64 `json:"writebacks"`
	Invalidated    int64 `json:"invalidated"`

	// A bypass is an acquisition of one side of the pagecache lock while a task
	// waited for the other. Lower bounds: one that meets no contention in the
	// moment when woken waiters have not come back yet is seen only by its
	// effect.
	AddBypasses      int64 `json:"add_bypasses"`   // of waiting adders, by blockers
	BlockBypasses    int64 `json:"block_bypasses"` // of waiting blockers, by adders
	MaxAddBypasses   int64 `json:"max_add_bypasses"`
	MaxBlockBypasses int64 `json:"max_block_bypasses"` // the most during one wait
}

// OracleOff in Record.Set says that nothing was stamped or checked.
const OracleOff = "oracle=off"

// Setting returns the value of a parameter in r.Set: of "partners",
// "fault-rate", "rate/direct-write", "arrival", "oracle" and the like. It is
// false if that was not set.
func (r *Record) Setting(name string) (string, bool) {
	for part := range strings.SplitSeq(r.Set, ",") {
		if k, v, ok := strings.Cut(part, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// A Case is what is repeated: records of one Case differ by Rep.
type Case struct {
	Engine   string
	Workload string
	Threads  int
	Pair     int
	MMU, IO  string
	Block    int
	Size     int64
	IODepth  int // 0: one
	Set      string
}

// Case returns the case that r is a repetition of.
func (r *Record) Case() Case {
	return Case{r.Engine, r.Workload, r.Threads, r.Pair, r.MMU, r.IO, r.Block, r.Size, r.IODepth, r.Set}
}

func (c Case) String() string {
	s := fmt.Sprintf("engine=%s/workload=%s/threads=%d", c.Engine, c.Workload, c.Threads)
	if c.IODepth != 0 {
		s += fmt.Sprintf("/iodepth=%d", c.IODepth)
	}
	if c.Pair != 0 {
		s += fmt.Sprintf("/pair=%d", c.Pair)
	}
	return s
}

// OK reports whether the record's rates may be compared: a case that ended
// early has counts worth showing, but no rate.
func (r *Record) OK() bool { return r.Status == StatusOK }
