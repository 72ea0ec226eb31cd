package explore

// clock says, for each thread, how many of its steps come before something.
type clock [MaxThreads]int32

func (c *clock) join(o *clock) {
	for i, n := range o {
		c[i] = max(c[i], n)
	}
}

// execution is a schedule that was played, and the order that its steps force
// upon each other: that of their threads, that of steps which conflict, and
// that of a step and the one which its thread slept for. What is in the
// slices beyond n is kept for its memory.
type execution struct {
	n      int
	thread []int8
	place  []int32 // of the step among those of its thread, from 1
	foot   []footprint
	clock  []clock // the steps before it, itself included
	waker  []int32 // the step which its thread slept for, or -1
	mine   [MaxThreads]int32
	sealed int // so many have a clock
}

// add appends a step. More may be added to its footprint until it is sealed.
func (x *execution) add(thread int, a access, waker int32) {
	if x.n == len(x.thread) {
		x.thread, x.place, x.foot = append(x.thread, 0), append(x.place, 0), append(x.foot, footprint{})
		x.clock, x.waker = append(x.clock, clock{}), append(x.waker, 0)
	}
	i := x.n
	x.n++
	x.mine[thread]++
	x.thread[i], x.place[i], x.waker[i] = int8(thread), x.mine[thread], waker
	x.foot[i].access, x.foot[i].more = a, x.foot[i].more[:0]
}

// truncate leaves the first n steps.
func (x *execution) truncate(n int) {
	for ; x.n > n; x.n-- {
		x.mine[x.thread[x.n-1]]--
	}
	x.sealed = min(x.sealed, n)
}

// before says whether step i must come before step j, which is later.
func (x *execution) before(i, j int) bool {
	return x.place[i] <= x.clock[j][x.thread[i]]
}

// seal works out what comes before the steps that are not sealed yet, and
// calls race with each pair of which the second could have come first, had it
// not been for the other alone.
func (x *execution) seal(race func(i, j int)) {
	for ; x.sealed < x.n; x.sealed++ {
		j := x.sealed
		x.start(j)
		for i := j - 1; i >= 0; i-- {
			if !x.before(i, j) && x.foot[i].conflicts(&x.foot[j]) {
				race(i, j)
				x.clock[j].join(&x.clock[i])
			}
		}
		x.clock[j][x.thread[j]] = x.place[j]
	}
}

// start sets the clock of step j to what comes before it without a conflict.
func (x *execution) start(j int) {
	x.clock[j] = clock{}
	for i := j - 1; i >= 0 && x.place[j] > 1; i-- {
		if x.thread[i] == x.thread[j] {
			x.clock[j] = x.clock[i]
			break
		}
	}
	if w := x.waker[j]; w >= 0 {
		x.clock[j].join(&x.clock[w])
	}
}

// initials returns the threads that could come first if step j were to come
// before step i: the steps that are to be between the two's new places are
// those which do not need i, and j. The first of these is returned as well.
// Preconditions: race is being called with i and j, so that the clock of j
// knows nothing of i.
func (x *execution) initials(i, j int) (ids uint16, first int8) {
	var from [MaxThreads]int32 // each thread's first step of those, or 0
	first = x.thread[j]
	for k := i + 1; k <= j; k++ {
		if x.before(i, k) && k != j {
			continue
		}
		t := x.thread[k]
		if from[t] != 0 {
			continue
		}
		from[t] = x.place[k]
		if ids == 0 {
			first = t
		}
		if x.free(k, &from) {
			ids |= 1 << t
		}
	}
	return ids, first
}

// free says whether step k needs none of the steps from on.
func (x *execution) free(k int, from *[MaxThreads]int32) bool {
	for t, p := range from {
		if p != 0 && int8(t) != x.thread[k] && x.clock[k][t] >= p {
			return false
		}
	}
	return true
}
