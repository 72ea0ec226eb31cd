//go:build unix

package workloads

import (
	"syscall"
	"time"
)

// processUsage is getrusage(2) of the whole process.
func processUsage() usage {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return usage{}
	}
	return usage{
		cpu:       time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		system:    time.Duration(r.Stime.Nano()),
		switches:  int64(r.Nvcsw) + int64(r.Nivcsw),
		voluntary: int64(r.Nvcsw),
		minor:     int64(r.Minflt),
		major:     int64(r.Majflt),
	}
}
