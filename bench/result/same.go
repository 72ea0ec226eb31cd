package result

import (
	"fmt"
	"slices"
)

// Differences says in what the machine, or cohbench itself, is not what it was
// when the run of e was begun: a line for each thing whose change would show in
// the figures. Empty: a run may be resumed.
func (e *Env) Differences(now *Env) []string {
	var list []string
	for _, f := range []struct{ what, was, is string }{
		{"kernel", e.Kernel, now.Kernel},
		{"cohbench", e.Commit, now.Commit},
		{"Go", e.Go, now.Go},
		{"architecture", e.OS + "/" + e.Arch, now.OS + "/" + now.Arch},
		{"CPU", e.CPU, now.CPU},
		{"CPUs", e.CPUList, now.CPUList},
		{"file system", e.FileSystem, now.FileSystem},
		{"mount point", e.MountPoint, now.MountPoint},
		{"mount options", e.MountOptions, now.MountOptions},
		{"device", e.Device, now.Device},
		{"IO scheduler", e.Scheduler, now.Scheduler},
		{"write cache", e.WriteCache, now.WriteCache},
		{"O_DIRECT", e.IO, now.IO},
		{"MMU", e.MMU, now.MMU},
		{"engines", e.engineNames(), now.engineNames()},
	} {
		if f.was != f.is {
			list = append(list, fmt.Sprintf("%s: was %q, is %q", f.what, f.was, f.is))
		}
	}
	return list
}

// engineNames is who takes part, on what, and what they claim.
func (e *Env) engineNames() string {
	var names []string
	for _, x := range e.Engines {
		names = append(names, fmt.Sprintf("%s on %s (coherent %v, free of deadlock %v)", x.Name, x.MMU, x.Coherent, x.DeadlockFree))
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}
