//go:build !linux

package workloads

import "time"

func sleep(d time.Duration) { time.Sleep(d) }

// exactSleep is for Linux only.
func exactSleep() (restore func()) { return func() {} }
