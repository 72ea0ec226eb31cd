//go:build !linux

package kernelfs

import (
	"cohbench/core"
	"cohbench/core/sched"
)

// Open fails: there is no engine for this system.
func (e Engine) Open(*sched.Group, core.Backing) (core.File, error) {
	return nil, &core.UnsupportedError{Feature: "engine " + e.Name(), Why: "it is written for Linux only"}
}

// Probe fails as Open does.
func (e Engine) Probe() error {
	return &core.UnsupportedError{Feature: "engine " + e.Name(), Why: "it is written for Linux only"}
}

// OpenNative fails, too.
func OpenNative(string) (Native, error) {
	return nil, &core.UnsupportedError{Feature: "the kernel's own pages", Why: "this is written for Linux only"}
}
