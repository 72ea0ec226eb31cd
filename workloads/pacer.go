package workloads

import (
	"runtime"
	"time"
)

// A pacer keeps an open-loop schedule: the n-th operation is due n periods
// after the first, whether or not those before it were quick.
//
// It sleeps to the deadline and then does all that has become due. Go's timers
// wake about every 0.6 to 1 ms, so a pace of 20 us comes as bursts of some 30
// operations: 49,980 of 50,000 per second for 3 to 6 % of one core. nanosleep(2)
// spaces them better, for 37 % (for 95 % with a timer slack of 1 ns), spinning
// for all of it: on a small machine that takes the core from the direct
// writers.
type pacer struct {
	next int64 // when the next operation is due; 0: not begun
}

// near is the distance below which a sleep would overshoot for sure.
const near = 5 * time.Microsecond

// tolerance is how much later than due an operation may begin without being
// late: what a sleep overshoots by.
const tolerance = 2 * time.Millisecond

// Pace waits until the next operation is due, one period after the one
// before, and counts it as late under op if that is long ago. A period of 0
// never waits.
func (c *Context) Pace(op Op, period time.Duration) {
	if period == 0 {
		return
	}
	if c.pacer.next == 0 {
		// The tasks of a role share the rate, so they begin spread over one period.
		c.pacer.next = now() + int64(period)*int64(c.Index)/int64(max(c.Of, 1))
	}
	d := c.pacer.next - now()
	if d < -max(int64(period), int64(tolerance)) {
		c.stats[op].late++
	}
	for d > 0 && !c.Done() {
		wait(min(time.Duration(d), watchEvery))
		d = c.pacer.next - now()
	}
	c.pacer.next += int64(period)
}

func wait(d time.Duration) {
	if d < near {
		runtime.Gosched()
		return
	}
	time.Sleep(d)
}
