package result

import (
	"slices"
	"strings"
	"time"
)

// Env is env.json: where, when and how a run was made. What could not be
// found out reads "unknown: why".
type Env struct {
	Schema  int       `json:"schema"`
	Created time.Time `json:"created"`
	Command []string  `json:"command"` // os.Args
	PID     int       `json:"pid"`     // of the process that began it; in the names of its data files
	Resumed []Resumed `json:"resumed,omitempty"`
	Seed    uint64    `json:"seed"`
	Plan    Plan      `json:"plan"`
	Engines []Engine  `json:"engines"` // in display order
	MMU     string    `json:"mmu"`     // of the model engines: "soft", "userfaultfd", or several with commas
	IO      string    `json:"io"`      // what O_DIRECT is on Dir: "direct", "buffered", "unknown"

	Kernel     string `json:"kernel"` // release and version
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Go         string `json:"go"`
	Commit     string `json:"commit"` // of cohbench; "+dirty" when built from changed files
	GOMAXPROCS int    `json:"gomaxprocs"`

	Dir          string `json:"dir"` // where the data files lay
	FileSystem   string `json:"file_system"`
	MountPoint   string `json:"mount_point"`
	MountOptions string `json:"mount_options"` // of the mount and of the superblock
	Device       string `json:"device"`
	Scheduler    string `json:"io_scheduler"`
	WriteCache   string `json:"write_cache"` // queue/write_cache
	Rotational   string `json:"rotational"`

	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`    // usable by this process
	CPUList  string `json:"cpu_list"` // those it may run on
	NUMA     string `json:"numa"`     // nodes and their CPUs
	Governor string `json:"governor"`
	Memory   string `json:"memory"`
	Virtual  string `json:"virtual"` // hypervisor, if the CPU admits to one
	Load     string `json:"load"`    // load average when the run began

	Tax    *Tax              `json:"tax,omitempty"`    // what the models add to what they model
	Probed map[string]string `json:"probed,omitempty"` // whatever else was looked at
}

// Resumed is one time that the run was gone on with.
type Resumed struct {
	Time time.Time `json:"time"`
	PID  int       `json:"pid"`
}

// PIDs is the processes that have measured for the run.
func (e *Env) PIDs() []int {
	list := []int{e.PID}
	for _, r := range e.Resumed {
		list = append(list, r.PID)
	}
	return list
}

// distinct is the MMU of a record where the run has several, so that the names
// of its cases must tell them apart; else "".
func (e *Env) distinct(r *Record) string {
	if strings.Contains(e.MMU, ",") && slices.Contains(strings.Split(e.MMU, ","), r.MMU) {
		return r.MMU
	}
	return ""
}

// Plan is what a run set out to measure.
type Plan struct {
	Records   int      `json:"records"` // lines a complete run leaves
	Reps      int      `json:"reps"`
	Duration  float64  `json:"duration"` // s per case
	Threads   []int    `json:"threads"`
	Block     int      `json:"block"`             // bytes
	Size      int64    `json:"size"`              // bytes
	IODepth   int      `json:"iodepth,omitempty"` // direct requests in flight per task that keeps a queue; 0: one
	Workloads []string `json:"workloads"`
}

// Engine is what an engine says of itself.
type Engine struct {
	Name         string `json:"name"`
	Doc          string `json:"doc,omitempty"`
	MMU          string `json:"mmu"`
	Coherent     bool   `json:"coherent"`      // claims coherence
	DeadlockFree bool   `json:"deadlock_free"` // claims to be free of deadlock
}
