package shoot

import (
	"errors"
	"fmt"

	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Report is how often what a program looks for came about.
type Report struct {
	Program *prog.Program
	// Shot is the order in which it came about most reliably, Hits times in Shots
	// tries; nil: in none.
	Shot        *Shot
	Hits, Shots int64
	// Held is how many runs there were with a direct write held, and Orders how
	// many of its orders the file system allows; Refused: how many not.
	Held, Orders, Refused int64
	AllOrders             bool // none was left out
	// FreeHits is how often it came about by chance, in Free runs.
	FreeHits, Free int64
	Seen           prog.Violation // in any run
	// Hit is the first run that showed it, in the order that was wanted if any did.
	Hit *Account
	// Why says why nothing could be asked; else nil.
	Why error
}

// Verdict is what the file system does. There is no Always: nobody has seen all
// runs.
func (r *Report) Verdict() prog.Verdict {
	switch {
	case r.Why != nil:
		return prog.Unknown
	case r.Hits > 0 || r.FreeHits > 0:
		return prog.Sometimes
	}
	return prog.Never
}

// FirstShot reports whether some order shows it in at least 95 of 100 tries.
func (r *Report) FirstShot() bool { return r.Shots > 0 && r.Hits*100 >= r.Shots*95 }

// Runs is all runs that were made.
func (r *Report) Runs() int64 { return r.Held + r.Free }

// Text is the verdict in a line, with a rate or a bound: no event in n tries
// bounds its probability by 3/n at 95 %.
func (r *Report) Text() string {
	switch {
	case r.Why != nil:
		return r.Why.Error()
	case r.FirstShot():
		return fmt.Sprintf("First shot: %d of %d", r.Hits, r.Shots)
	case r.Hits > 0:
		return fmt.Sprintf("Sometimes: %d of %d when held", r.Hits, r.Shots)
	case r.FreeHits > 0:
		return fmt.Sprintf("Sometimes: %d of %d by chance", r.FreeHits, r.Free)
	}
	return fmt.Sprintf("Never in %d (at most %.2g)", r.Runs(), 3/float64(max(1, r.Runs())))
}

// Effort is how long a Search goes on.
type Effort struct {
	// Shots is how often an order that shows something is repeated to find its
	// rate, and about how many held runs there are of what shows nothing.
	Shots int
	// Free is how many runs are left to chance where no order shows anything.
	Free int
}

// Search asks how often what p looks for comes about. An error is one of the
// means; what p asks and the file system has not is the report's Why.
func (s *Shooter) Search(p *prog.Program, effort Effort) (*Report, error) {
	r := &Report{Program: p}
	if r.Why = Fits(p); r.Why != nil {
		return r, nil
	}
	if s.Stopper != nil {
		if err := s.aim(r, effort.Shots); err != nil {
			return nil, err
		}
	}
	for i := 0; i < effort.Free && r.Hits == 0 && r.Why == nil; i++ {
		r.count(s.Free(p), nil)
	}
	return r, nil
}

// aim tries the orders, and repeats one that shows what is looked for. Where
// none does, all are tried again until there were n runs.
func (s *Shooter) aim(r *Report, n int) error {
	shots, all := Shots(r.Program)
	r.AllOrders = all
	for round := 0; len(shots) > 0 && (round == 0 || r.Held < int64(n)); round++ {
		possible, err := s.round(r, shots, n)
		if err != nil || r.FirstShot() || r.Why != nil {
			return err
		}
		if round == 0 {
			r.Orders, r.Refused = int64(len(possible)), int64(len(shots)-len(possible))
		}
		if shots = possible; r.Hits > 0 {
			return nil
		}
	}
	return nil
}

// round tries each order once, and returns those that the file system allows.
// Orders that begin as one which got stuck are left out.
func (s *Shooter) round(r *Report, shots []Shot, n int) (possible []Shot, err error) {
	refused := map[string]bool{}
	for i := range shots {
		shot := &shots[i]
		if shot.beginsAs(refused) {
			continue
		}
		p := shot.loaded(r.Program)
		out, err := s.fire(p, shot)
		if err == nil && out.Stuck > 0 && out.Err == nil {
			r.count(out, shot)
			out, err = s.fireSlowly(p, shot)
		}
		if err != nil {
			return nil, err
		}
		r.count(out, shot)
		if r.Why != nil {
			return nil, nil
		}
		if out.Stuck > 0 {
			refused[shot.prefix(out.Stuck)] = true
			continue
		}
		possible = append(possible, *shot)
		if out.Hit() {
			if err := s.repeat(r, p, shot, n); err != nil || r.FirstShot() {
				return possible, err
			}
		}
	}
	return possible, nil
}

// slowly is how much longer an operation may take the second time: it may not
// have waited for the held write but for the machine.
const slowly = 5

// fireSlowly is fire with more patience.
func (s *Shooter) fireSlowly(p *prog.Program, shot *Shot) (*Outcome, error) {
	usual := s.Patience
	defer func() { s.Patience = usual }()
	s.Patience = slowly * s.patience()
	return s.fire(p, shot)
}

// repeat finds the rate of an order, and keeps the best.
func (s *Shooter) repeat(r *Report, p *prog.Program, shot *Shot, n int) error {
	hits := int64(1)
	for range n - 1 {
		out, err := s.fire(p, shot)
		if err != nil {
			return err
		}
		r.count(out, shot)
		if out.Hit() {
			hits++
		}
	}
	if hits > r.Hits {
		r.Shot, r.Hits, r.Shots = shot, hits, int64(n)
	}
	return nil
}

// count adds a run. shot is nil for a free one.
func (r *Report) count(out *Outcome, shot *Shot) {
	switch {
	case errors.Is(out.Err, errors.ErrUnsupported):
		r.Why = out.Err
		return
	case out.Err != nil:
		r.Why = fmt.Errorf("a run failed: %w", out.Err)
		return
	case shot != nil:
		r.Held++
	default:
		r.Free++
	}
	r.Seen |= out.Found
	if !out.Hit() {
		return
	}
	if shot == nil {
		r.FreeHits++
	}
	if r.Hit == nil || r.Hit.Shot == nil && out.Happened {
		r.Hit = account(r.Program, out, shot)
	}
}

// prefix names the first n events.
func (s *Shot) prefix(n int) string {
	text := fmt.Sprint(s.Held, s.Stops)
	for _, e := range s.Order[:n] {
		text += fmt.Sprint(e)
	}
	return text
}

func (s *Shot) beginsAs(refused map[string]bool) bool {
	for n := range s.Order {
		if refused[s.prefix(n+1)] {
			return true
		}
	}
	return false
}

var _ exec.Director = (*director)(nil)
