package sched

// publication is what a thread says of itself when it goes to sleep.
type publication struct {
	state uint64 // the state in which it is valid
	list  *WaitList
	fifo  bool
	wants Hold
	op    string
	held  [MaxHolds]Hold
	nheld int
}

func (t *Thread) publish(l *WaitList, wants Hold, state uint64) {
	t.pubMu.Lock()
	defer t.pubMu.Unlock()
	p := &t.pub
	p.state, p.list, p.fifo, p.wants, p.op = state, l, t.node.fifo, wants, t.op
	p.nheld = min(t.nheld, MaxHolds)
	copy(p.held[:p.nheld], t.held[:p.nheld])
}

// Blocked is one thread of a deadlock.
type Blocked struct {
	Thread   *Thread
	Op       string
	Held     []Hold
	Wants    Hold
	WaitsFor []*Thread // those of the deadlock that keep it from what it wants
}

// Deadlock is threads which sleep, each waiting for another of them. It is
// an error, so that it can be the cause of a Cancel.
type Deadlock struct{ Blocked []Blocked }

// Deadlock returns the deadlock among the group's threads, nil when there is
// none.
func (g *Group) Deadlock() *Deadlock { return nil }
