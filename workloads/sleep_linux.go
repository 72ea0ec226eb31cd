package workloads

import (
	"syscall"
	"time"
)

// Go's timers wake up to a millisecond late; a thread's own sleep is late by
// its timer slack, 50 us if nothing else is said.
const (
	goTimerLate  = 2 * time.Millisecond
	prSetSlack   = 29 // PR_SET_TIMERSLACK, prctl(2)
	timerSlackNs = 1000
)

// sleep sleeps for d, in a thread of its own to within some microseconds.
func sleep(d time.Duration) {
	if d > 2*goTimerLate {
		time.Sleep(d - goTimerLate)
		return // whoever waits looks at the clock again
	}
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // EINTR: it looks again, too
}

// exactSleep makes the sleeps of the calling thread end on time, and returns
// what undoes it.
func exactSleep() (restore func()) {
	setSlack(timerSlackNs)
	return func() { setSlack(0) } // 0: the default
}

// setSlack needs no privilege; where it is refused, sleeps are as late as they
// were, which the generator's figures show.
func setSlack(ns uintptr) { _, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetSlack, ns, 0) }
