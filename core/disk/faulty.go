package disk

import (
	"fmt"
	"sync/atomic"

	"cohbench/core/sched"
)

// Op is a set of operations of a Disk.
type Op uint8

// The operations that a rule can meet.
const (
	OpRead Op = 1 << iota
	OpWrite
	OpTruncate
	OpPunch
	OpSync
	OpAny = OpRead | OpWrite | OpTruncate | OpPunch | OpSync
)

// A Rule is one fault: what happens to which operations.
type Rule struct {
	Ops Op
	// Off and Len choose the operations that touch this range of bytes; Len 0
	// means everywhere. Sync touches every range, and truncation all from the
	// smaller of the two sizes on.
	Off, Len int64
	// After operations that match are let through, then Count of them meet the
	// fault; Count 0 means all.
	After, Count int64

	// Delay is waited out before the operation: nanoseconds with real threads,
	// steps with a deterministic scheduler.
	Delay int64
	// Short is how many bytes, rounded down to what the disk's Align asks, a
	// write still writes before it fails.
	Short int
	// Err is what the operation fails with; nil is ErrInjected. A rule with
	// DelayOnly fails nothing.
	Err       error
	DelayOnly bool
}

// touches reports whether the rule is about this operation.
func (r *Rule) touches(op Op, off, n int64) bool {
	if r.Ops&op == 0 {
		return false
	}
	return r.Len == 0 || off < r.Off+r.Len && r.Off < off+n
}

// Faulty is a Disk that misbehaves by rule. The rules are tried in order and
// the first that matches and is due decides. It uses no clock and no chance:
// the same operations in the same order meet the same faults.
type Faulty struct {
	Disk
	rules []armed
	hits  atomic.Int64
}

// armed is a rule with the count of operations that matched it.
type armed struct {
	Rule
	seen atomic.Int64
}

// NewFaulty wraps d.
func NewFaulty(d Disk, rules ...Rule) *Faulty {
	f := &Faulty{Disk: d, rules: make([]armed, len(rules))}
	for i, r := range rules {
		f.rules[i].Rule = r
	}
	return f
}

// Hits is how many operations have met a fault, delays included.
func (f *Faulty) Hits() int64 { return f.hits.Load() }

// meet counts the operation and returns the rule it falls to, if any.
func (f *Faulty) meet(op Op, off, n int64) *Rule {
	for i := range f.rules {
		r := &f.rules[i]
		if !r.touches(op, off, n) {
			continue
		}
		k := r.seen.Add(1) - r.After
		if k > 0 && (r.Count == 0 || k <= r.Count) {
			f.hits.Add(1)
			return &r.Rule
		}
	}
	return nil
}

// delay waits. A scheduler gets steps that commute with all others, not spins,
// after which it would wait for somebody else to do something.
func delay(t *sched.Thread, d int64) error {
	if t.Deterministic() {
		for range d {
			t.Yield(sched.LocLocal, sched.KindSubmit)
		}
		return t.Err()
	}
	for start := t.Now(); t.Now()-start < d; {
		if err := t.Spin(sched.LocLocal); err != nil {
			return err
		}
	}
	return nil
}

// fault waits as the rule says and returns the error to fail with.
func (f *Faulty) fault(t *sched.Thread, r *Rule, op string, off, n int64) error {
	if err := delay(t, r.Delay); err != nil {
		return err
	}
	if r.DelayOnly {
		return nil
	}
	err := r.Err
	if err == nil {
		err = ErrInjected
	}
	return fmt.Errorf("%s [%#x, %#x): %w", op, off, off+n, err)
}

// ReadAt implements Disk.
func (f *Faulty) ReadAt(t *sched.Thread, p []byte, off int64) error {
	if r := f.meet(OpRead, off, int64(len(p))); r != nil {
		if err := f.fault(t, r, "read", off, int64(len(p))); err != nil {
			return err
		}
	}
	return f.Disk.ReadAt(t, p, off)
}

// WriteAt implements Disk.
func (f *Faulty) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	r := f.meet(OpWrite, off, int64(len(p)))
	if r == nil {
		return f.Disk.WriteAt(t, p, off)
	}
	err := f.fault(t, r, "write", off, int64(len(p)))
	if err == nil {
		return f.Disk.WriteAt(t, p, off)
	}
	n := min(r.Short, len(p))
	n -= n % f.Align().Offset
	if n == 0 {
		return 0, err
	}
	done, werr := f.Disk.WriteAt(t, p[:n], off)
	if werr != nil {
		return done, werr
	}
	return done, err
}

// Truncate implements Disk.
func (f *Faulty) Truncate(t *sched.Thread, size int64) error {
	from := min(size, f.Size())
	if r := f.meet(OpTruncate, from, max(size, f.Size())-from); r != nil {
		if err := f.fault(t, r, "truncate", from, max(size, f.Size())-from); err != nil {
			return err
		}
	}
	return f.Disk.Truncate(t, size)
}

// PunchHole implements Disk.
func (f *Faulty) PunchHole(t *sched.Thread, off, n int64) error {
	if r := f.meet(OpPunch, off, n); r != nil {
		if err := f.fault(t, r, "punch hole", off, n); err != nil {
			return err
		}
	}
	return f.Disk.PunchHole(t, off, n)
}

// Sync implements Disk.
func (f *Faulty) Sync(t *sched.Thread) error {
	if r := f.meet(OpSync, 0, 1<<62); r != nil {
		if err := f.fault(t, r, "sync", 0, f.Size()); err != nil {
			return err
		}
	}
	return f.Disk.Sync(t)
}
