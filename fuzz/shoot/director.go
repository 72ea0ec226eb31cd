package shoot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// director carries a Shot out: it lets one operation after another begin, and
// fills the pages at which the held write has stopped. It never leaves the
// write stopped: whatever goes wrong, the pages are filled and everybody may go
// on.
type director struct {
	*Shooter
	p     *prog.Program
	shot  *Shot
	gates [][]chan struct{} // by task and operation: closed when it may begin
	ends  [][]chan struct{} // closed when it has returned
	over  chan struct{}     // closed when the run is
	asks  chan []byte       // the held write's memory
	gets  chan []byte       // what it is to use instead

	src    []byte
	filled int
	// What came of it.
	happened bool  // the operations ran in the order of the shot
	stuck    int   // the event that did not come to its end in time, from 1; 0: none
	err      error // the means failed
}

func newDirector(s *Shooter, p *prog.Program, shot *Shot) *director {
	d := &director{Shooter: s, p: p, shot: shot, over: make(chan struct{}), asks: make(chan []byte), gets: make(chan []byte)}
	for t := range p.Tasks {
		d.gates, d.ends = append(d.gates, nil), append(d.ends, nil)
		for range p.Tasks[t].Ops {
			d.gates[t] = append(d.gates[t], make(chan struct{}))
			d.ends[t] = append(d.ends[t], make(chan struct{}))
		}
	}
	return d
}

// Begin implements exec.Director.
func (d *director) Begin(o exec.OpRef, mem []byte) []byte {
	<-d.gates[o.Task][o.Op]
	if o != d.shot.Held {
		return mem
	}
	d.asks <- mem
	return <-d.gets
}

// End implements exec.Director.
func (d *director) End(o exec.OpRef) { close(d.ends[o.Task][o.Op]) }

func (d *director) gate(o exec.OpRef) chan struct{} { return d.gates[o.Task][o.Op] }
func (d *director) end(o exec.OpRef) chan struct{}  { return d.ends[o.Task][o.Op] }

// run carries the shot out; it returns when the held write cannot stop again.
func (d *director) run() {
	if d.happened = d.follow(); !d.happened {
		d.letGo()
	}
}

// follow goes through the events, as far as they come about.
func (d *director) follow() bool {
	for i, e := range d.shot.Order {
		ok := false
		switch {
		case e.Fill:
			ok = d.fill() && (d.shot.window(i+1) != Landed || d.landed())
		case e.Op == d.shot.Held:
			ok = d.hold()
		default:
			ok = d.perform(e.Op)
		}
		if !ok {
			d.stuck = i + 1
			return false
		}
	}
	return true
}

// perform has an operation run to its end. False: it takes so long that it
// waits for something.
func (d *director) perform(o exec.OpRef) bool {
	close(d.gate(o))
	select {
	case <-d.end(o):
		return true
	case <-d.over:
	case <-d.After(d.patience()):
	}
	return false
}

// hold has the held write begin, and waits until it has stopped.
func (d *director) hold() bool {
	close(d.gate(d.shot.Held))
	return d.arm() && d.stopped()
}

// arm gives the held write its memory.
func (d *director) arm() bool {
	select {
	case d.src = <-d.asks:
	case <-d.over:
		return false
	}
	mem, err := d.Stopper.Arm(d.src, d.stops()...)
	if err != nil {
		d.err, mem = err, d.src
	}
	d.gets <- mem
	return err == nil
}

// stops is the pages of the buffer at which the write stops.
func (d *director) stops() []int64 {
	if d.shot.Stops == 2 {
		return []int64{0, int64(len(d.src)-1) / prog.PageSize}
	}
	return []int64{0}
}

// stopTries is how many milliseconds a write may take to its next stop, or to
// its end.
const stopTries = 10_000

// stopped waits until the write has stopped at the next page. False: it does
// not, but has returned.
func (d *director) stopped() bool {
	for range stopTries {
		page, ok, err := d.Stopper.Wait(1)
		switch {
		case err != nil:
			d.err = err
			return false
		case ok && page == d.stops()[d.filled]:
			return true
		case ok:
			// It was filled already: whoever faults buffers in outside of his locks
			// asks anew. It is there.
			d.err = errors.Join(d.err, d.Stopper.Fill(page))
		case d.returned(d.shot.Held):
			return false
		}
	}
	d.err = fmt.Errorf("the held write of %s neither stops nor returns in %d s", d.p.Name, stopTries/1000)
	return false
}

func (d *director) returned(o exec.OpRef) bool {
	select {
	case <-d.end(o):
		return true
	case <-d.over:
		return true
	default:
		return false
	}
}

// fill lets the write go on to its next stop, or to its end.
func (d *director) fill() bool {
	if d.err = d.Stopper.Fill(d.stops()[d.filled]); d.err != nil {
		return false
	}
	if d.filled++; d.filled < d.shot.Stops {
		return d.stopped()
	}
	return d.finish()
}

// finish waits until the held write has returned, and fills what it asks for
// again.
func (d *director) finish() bool {
	for range stopTries {
		if d.returned(d.shot.Held) {
			return true
		}
		page, ok, err := d.Stopper.Wait(1)
		if ok {
			err = d.Stopper.Fill(page)
		}
		if err != nil {
			d.err = err
			return false
		}
	}
	return false
}

// landedPage is a page of a stretched write in its first part, as far behind
// what the program is about as no folio reaches.
const landedPage = 200

// landed waits until the first part of a stretched write is on the disk, as far
// as that can be seen without touching the pages that the program is about. A
// direct read may have to wait for the held write itself; then it is given some
// time.
func (d *director) landed() bool {
	op := &d.p.Tasks[d.shot.Held.Task].Ops[d.shot.Held.Op]
	want := binary.NativeEndian.Uint64(d.src[landedPage*prog.PageSize:])
	seen := make(chan error, 1)
	quit := make(chan struct{})
	defer close(quit)
	go func() { seen <- waitFor(d.Backings[op.File].Path, op.Off+landedPage*prog.PageSize, want, quit) }()
	select {
	case err := <-seen:
		d.err = err
		return err == nil
	case <-d.over:
		return false
	case <-d.After(landedPatience):
		return true
	}
}

const landedPatience = 200 * time.Millisecond

// waitFor reads a word of a file directly until it has a value, or is told to
// give up.
func waitFor(path string, off int64, want uint64, quit <-chan struct{}) error {
	f, err := disk.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	p := disk.Block(prog.PageSize)
	t := sched.NewGroup().Thread("look")
	for {
		if err := f.ReadAt(t, p, off); err != nil || binary.NativeEndian.Uint64(p) == want {
			return err
		}
		select {
		case <-quit:
			return nil
		default:
		}
	}
}

// letGo lets everybody go on as they like.
func (d *director) letGo() {
	for t := range d.gates {
		for k := range d.gates[t] {
			if o := (exec.OpRef{Task: t, Op: k}); !d.opened(o) {
				close(d.gate(o))
			}
		}
	}
	if d.src == nil && !d.arm() {
		return
	}
	for _, page := range d.stops() { // a stop is told of once
		d.err = errors.Join(d.err, d.Stopper.Fill(page))
	}
	d.finish()
}

// opened reports whether follow has let an operation begin.
func (d *director) opened(o exec.OpRef) bool {
	for _, e := range d.shot.Order[:d.stuck] {
		if !e.Fill && e.Op == o {
			return true
		}
	}
	return false
}
