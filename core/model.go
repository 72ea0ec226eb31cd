package core

import (
	"fmt"

	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// Backing is a preallocated data file, as an engine gets it.
type Backing struct {
	Path string    // for engines that open it themselves
	Disk disk.Disk // the same file, opened for direct IO
	// DSync says that Disk is durable (disk.File.Durable), and asks the same,
	// O_DSYNC on direct writes, of engines that open the file themselves.
	DSync bool
}

// An Engine is what is under test. All offer the same File; workloads, oracle
// and reports do not ask which one they run on.
type Engine interface {
	Name() string
	// Doc is one paragraph: what it locks, which window that closes, and which
	// it leaves open.
	Doc() string
	Claims() Claims
	// MMU is the kind of page tables behind Map: "soft", "userfaultfd", or
	// "none" where there is no Map.
	MMU() string
	// Open opens the file on b for the threads of g. The file is as long as
	// the backing store is at that moment, and its cache is empty.
	Open(g *sched.Group, b Backing) (File, error)
}

// Model is an engine: a user-space page cache under a policy.
type Model struct {
	Policy  *Policy
	Options Options
	Tables  mmu.Kind // the page tables; see MMU
}

// Name is the policy's.
func (e *Model) Name() string { return e.Policy.Name }

// Doc is the policy's.
func (e *Model) Doc() string { return e.Policy.Doc }

// Claims is the policy's.
func (e *Model) Claims() Claims { return e.Policy.Claims }

// MMU is the name of Tables.
func (e *Model) MMU() string { return e.Tables.String() }

// Open makes an empty cache over b.Disk. Where the machine lacks the MMU, the
// error Is errors.ErrUnsupported.
func (e *Model) Open(_ *sched.Group, b Backing) (File, error) {
	mem, err := e.Tables.New()
	if err != nil {
		return nil, fmt.Errorf("open a file of engine %s: %w", e.Name(), err)
	}
	return NewAddressSpace(e.Policy, b.Disk, mem, e.Options), nil
}

// Close writes everything back, drops the cache and releases its memory.
// Nobody may use the file or a mapping of it any more. The backing store stays
// open.
func (m *AddressSpace) Close(t *Task) error {
	err := m.Sync(t)
	if cerr := m.mem.Close(); err == nil {
		err = cerr
	}
	return err
}
