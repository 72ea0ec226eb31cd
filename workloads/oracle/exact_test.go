package oracle

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A sim runs a random history on one goroutine: it tells the oracle of each
// event, chooses what reads return, keeps the whole history, and judges each
// read itself, slowly and from the definitions.
type sim struct {
	pick    func(n int) int // a choice of 0 to n-1
	cfg     simConfig
	mutant  mutant
	f       *File
	time    int64
	writers []*simWriter
	readers []*simReader
	writes  []*simWrite // all, zeroing ones too, in order of start
	reads   []*simRead  // the finished ones
	tally   [numKinds + 1]int
}

type simConfig struct {
	cells, block     int // block in cells
	writers, readers int
	bursts           bool // let writers run ahead so that rings forget
	zeroFails        bool
	noZeroing        bool
}

// mutant is a way to drive the oracle wrongly, or to cripple it, which the
// comparison with the exact rules must notice.
type mutant uint8

const (
	sound         mutant = iota
	copyLate             // M is copied after the data was read
	beginLate            // a write begins after others could see it
	endEarly             // a write is published before it took effect
	publishFailed        // a failed write is published
	neverPublish         // a completed write is not
	zeroSilent           // zeroing is announced when it is over
	forgetSeen           // MR is not kept
	forgetReads          // what reads saw is not kept
	numMutants
)

type simWriter struct {
	w    *Writer
	open *simWrite
}

type simReader struct {
	r    *Reader
	open *simRead
}

type simWrite struct {
	id         id
	writer     *Writer
	zero       bool
	lo, hi     int
	start, end int64 // end 0: open
	ok         bool
}

type simRead struct {
	lo, hi     int
	start, end int64
	cells      []simCell
}

// simCell is what a read saw in one cell, and how the oracle judged it.
type simCell struct {
	value      *simWrite // nil: planted, or zero
	zero       bool
	planted    Kind // Torn or Nowhere
	isPlanted  bool
	verdict    Kind // numKinds: nothing wrong
	violation  Violation
	firstStale bool // the first stale run of its block
}

func newSim(cfg simConfig, m mutant, pick func(int) int) *sim {
	s := &sim{pick: pick, cfg: cfg, mutant: m}
	s.f = New(Config{
		Size: int64(cfg.cells * Cell), Block: cfg.block * Cell, Salt: 99,
		Now: func() int64 { return s.time },
	})
	for i := range cfg.writers {
		s.writers = append(s.writers, &simWriter{w: s.f.Writer(1 + 100*i)})
	}
	for range cfg.readers {
		s.readers = append(s.readers, &simReader{r: s.f.Reader()})
	}
	return s
}

// step is one random event; the error says where oracle and rules disagree.
func (s *sim) step() error {
	s.time++
	switch s.pick(8) {
	case 0, 1, 2:
		w := s.writers[s.pick(len(s.writers))]
		if w.open != nil {
			s.endWrite(w)
		} else {
			s.beginWrite(w)
		}
	case 3:
		if s.cfg.bursts && s.pick(4) == 0 {
			s.burst(s.writers[s.pick(len(s.writers))])
		}
	default:
		r := s.readers[s.pick(len(s.readers))]
		if r.open != nil {
			return s.endRead(r)
		}
		s.beginRead(r)
	}
	return nil
}

// cellRange favours whole blocks and single cells.
func (s *sim) cellRange() (lo, hi int) {
	switch s.pick(3) {
	case 0:
		lo = s.pick(s.cfg.cells)
		return lo, lo + 1
	case 1:
		lo = s.pick(s.cfg.cells) / s.cfg.block * s.cfg.block
		return lo, min(lo+s.cfg.block, s.cfg.cells)
	}
	lo = s.pick(s.cfg.cells)
	return lo, lo + 1 + s.pick(s.cfg.cells-lo)
}

func (s *sim) beginWrite(w *simWriter) {
	lo, hi := s.cellRange()
	x := &simWrite{lo: lo, hi: hi, start: s.time, writer: w.w, zero: !s.cfg.noZeroing && s.pick(6) == 0}
	x.id = makeID(w.w.id, w.w.last.Load()+1)
	w.open = x
	s.writes = append(s.writes, x)
	if !s.late(x) {
		s.tellBegin(x)
	}
	if s.mutant == endEarly {
		w.w.End(s.time)
	}
}

func (s *sim) late(x *simWrite) bool {
	return s.mutant == beginLate || s.mutant == zeroSilent && x.zero
}

func (s *sim) tellBegin(x *simWrite) {
	off, n := int64(x.lo*Cell), int64((x.hi-x.lo)*Cell)
	if x.zero {
		x.writer.BeginZero(off, n)
	} else {
		x.writer.Begin(off, n)
	}
}

func (s *sim) endWrite(w *simWriter) {
	x := w.open
	w.open = nil
	x.end, x.ok = s.time, s.pick(4) != 0 || x.zero && !s.cfg.zeroFails
	if s.late(x) {
		s.tellBegin(x)
	}
	switch {
	case s.mutant == endEarly:
	case x.ok && s.mutant != neverPublish || s.mutant == publishFailed:
		w.w.End(s.time)
	default:
		w.w.Fail()
	}
}

// burst is many quick writes of one writer.
func (s *sim) burst(w *simWriter) {
	for range 1 + s.pick(2*ringSize) {
		if w.open != nil {
			s.time++
			s.endWrite(w)
		}
		s.time++
		s.beginWrite(w)
	}
}

func (s *sim) beginRead(r *simReader) {
	lo, hi := s.cellRange()
	r.open = &simRead{lo: lo, hi: hi, start: s.time}
	if s.mutant != copyLate {
		r.r.Begin(int64(lo*Cell), int64((hi-lo)*Cell))
	}
}

func (s *sim) endRead(r *simReader) error {
	x := r.open
	r.open = nil
	x.end = s.time
	p := make([]byte, (x.hi-x.lo)*Cell)
	for c := x.lo; c < x.hi; c++ {
		cell, v := s.chooseValue(c)
		binary.NativeEndian.PutUint64(p[(c-x.lo)*Cell:], v)
		x.cells = append(x.cells, cell)
	}
	if s.mutant == copyLate {
		r.r.Begin(int64(x.lo*Cell), int64((x.hi-x.lo)*Cell))
	}
	r.r.Violations = r.r.Violations[:0]
	if len(p) == Cell && s.pick(2) == 0 {
		r.r.CheckWord(word(p))
	} else {
		r.r.Check(p)
	}
	s.cripple()
	s.collect(x, r.r.Violations)
	var err error
	for c := x.lo; c < x.hi && err == nil; c++ {
		err = s.judge(x, c)
	}
	s.reads = append(s.reads, x)
	return err
}

func (s *sim) cripple() {
	for i := range s.f.blocks {
		b := &s.f.blocks[i]
		switch s.mutant {
		case forgetSeen:
			b.seen.Store(0)
			b.seenCells.Store(nil)
		case forgetReads:
			b.wide.version.Store(0)
			b.narrow.Store(nil)
		}
	}
}

// chooseValue is what a read returns for cell c: mostly something recent.
func (s *sim) chooseValue(c int) (simCell, uint64) {
	off := int64(c * Cell)
	var seen []*simWrite
	for _, w := range s.writes {
		if w.lo <= c && c < w.hi {
			seen = append(seen, w)
		}
	}
	switch n := s.pick(40); {
	case n == 0:
		return simCell{planted: Torn, isPlanted: true}, 1<<63 | uint64(s.pick(1<<20))
	case n == 1:
		w := Writer{f: s.f, write: makeID(1+s.pick(300), 1<<20)}
		return simCell{planted: Nowhere, isPlanted: true}, w.Word(off)
	case n == 2 || len(seen) == 0:
		return simCell{zero: true}, 0
	case n < 12:
		seen = seen[s.pick(len(seen)):]
	default:
		seen = seen[len(seen)-1-s.pick(min(len(seen), 3)):]
	}
	if seen[0].zero {
		return simCell{zero: true}, 0
	}
	w := Writer{f: s.f, write: seen[0].id}
	return simCell{value: seen[0]}, w.Word(off)
}

// collect notes the verdicts of the cells of a read.
func (s *sim) collect(x *simRead, vs []Violation) {
	for i := range x.cells {
		x.cells[i].verdict = numKinds
	}
	stale := map[int64]bool{}
	for _, v := range vs {
		block := v.Off / int64(s.f.Block())
		for i := range v.Cells {
			c := &x.cells[int(v.Off/Cell)+i-x.lo]
			c.verdict, c.violation = v.Kind, v
			c.firstStale = v.Kind == Stale && !stale[block] && i == 0
		}
		stale[block] = stale[block] || v.Kind == Stale
	}
}

const never = int64(1) << 60

// ended is when the value's write had ended, and when it began. Of zeros the
// operation counts that ended last. A write that its ring has forgotten is
// known to have ended before the oldest one remembered began.
func (s *sim) ended(c int, cell *simCell) (start, end int64) {
	w := cell.value
	if w == nil {
		for _, z := range s.writes {
			if z.zero && z.covers(c) {
				end = max(end, z.done())
			}
		}
		return 0, end
	}
	if s.forgotten(w) {
		return 0, s.tickBefore(s.oldest(w.writer).start)
	}
	return w.start, w.done()
}

// tickBefore is the last time before that at which a write began or ended:
// reads take no ticks.
func (s *sim) tickBefore(before int64) (last int64) {
	for _, w := range s.writes {
		for _, at := range []int64{w.start, w.end} {
			if at < before {
				last = max(last, at)
			}
		}
	}
	return last
}

func (w *simWrite) covers(c int) bool { return w.lo <= c && c < w.hi }

func (w *simWrite) done() int64 {
	if w.end == 0 {
		return never
	}
	return w.end
}

func (s *sim) forgotten(w *simWrite) bool { return w.id.seq()+ringSize <= s.lastOf(w.writer) }

func (s *sim) lastOf(w *Writer) (last uint64) {
	for _, x := range s.writes {
		if x.writer == w {
			last = x.id.seq()
		}
	}
	return last
}

func (s *sim) oldest(w *Writer) *simWrite {
	last := s.lastOf(w)
	i := slices.IndexFunc(s.writes, func(x *simWrite) bool { return x.writer == w && x.id.seq()+ringSize == last+1 })
	return s.writes[i]
}

// judge compares the oracle's verdict on cell c of read x with the rules.
func (s *sim) judge(x *simRead, c int) error {
	cell := &x.cells[c-x.lo]
	s.tally[cell.verdict]++
	want := numKinds
	switch stale, newer := s.stale(x, c), s.newerSeen(x, c); {
	case cell.isPlanted:
		want = cell.planted
	case len(stale) > 0:
		want = Stale
		if err := s.judgeBehind(x, cell, stale); err != nil {
			return err
		}
	case cell.verdict == Inverted || cell.verdict == Flipped || cell.verdict == InFlight:
		return s.judgeNewer(x, cell, newer)
	default:
		for _, n := range newer {
			if n.required {
				return fmt.Errorf("cell %d of read %+v: the oracle says %v, but an earlier read saw %+v", c, x, cell.verdict, n)
			}
		}
	}
	if cell.verdict != want {
		return fmt.Errorf("cell %d of read %+v: the oracle says %v, the rules %v", c, x, cell.verdict, want)
	}
	return nil
}

// stale returns the completed writes which superseded what a read saw before
// it began.
func (s *sim) stale(x *simRead, c int) (by []*simWrite) {
	cell := &x.cells[c-x.lo]
	_, end := s.ended(c, cell)
	for _, w := range s.writes {
		if w.covers(c) && w.ok && w.end < x.start && w.start > end {
			by = append(by, w)
		}
	}
	return by
}

func (s *sim) judgeBehind(x *simRead, cell *simCell, by []*simWrite) error {
	if !cell.firstStale {
		return nil
	}
	first, known := never, 0
	for _, w := range by {
		if !s.forgotten(w) {
			known++
			first = min(first, w.end)
		}
	}
	age := int64(-1)
	if known > 0 {
		age = x.end - first
	}
	if v := cell.violation; v.Versions != max(known, 1) || v.AgeNs != age {
		return fmt.Errorf("%v: the rules say %d versions, %d ns", v, known, age)
	}
	return nil
}

// newerSeen is a proof from an earlier read that a value is out of date.
type newerSeen struct {
	kind     Kind // Inverted or Flipped
	ended    bool // what that read saw had ended before this one began
	required bool // the oracle may not have forgotten
}

// newerSeen returns every such proof for cell c of x.
func (s *sim) newerSeen(x *simRead, c int) (found []newerSeen) {
	start, end := s.ended(c, &x.cells[c-x.lo])
	last := true
	for _, r := range slices.Backward(s.reads) {
		if r.end > x.start || c < r.lo || c >= r.hi || r.cells[c-r.lo].verdict != numKinds {
			continue
		}
		saw := &r.cells[c-r.lo]
		sawStart, sawEnd := s.ended(c, saw)
		n := newerSeen{ended: sawEnd < x.start}
		same := saw.value == x.cells[c-x.lo].value
		switch {
		case !same && sawStart > end:
			n.kind = Inverted
			n.required = !s.forgotten(saw.value) // then it was not when it was seen
			found = append(found, n)
		case !same && end < r.start && sawEnd >= start:
			n.kind, n.required = Flipped, last
			found = append(found, n)
		}
		last = false
	}
	return found
}

func (s *sim) judgeNewer(x *simRead, cell *simCell, newer []newerSeen) error {
	for _, n := range newer {
		if cell.verdict == InFlight && !n.ended || cell.verdict == n.kind && n.ended {
			return nil
		}
	}
	return fmt.Errorf("read %+v: the oracle says %v, the rules know of %+v", x, cell.verdict, newer)
}

func (s *sim) run(steps int) error {
	for range steps {
		if err := s.step(); err != nil {
			return err
		}
	}
	return nil
}

var simConfigs = map[string]simConfig{
	"cell":   {cells: 1, block: 1, writers: 3, readers: 3, zeroFails: true},
	"blocks": {cells: 7, block: 2, writers: 3, readers: 3, zeroFails: true}, // the last one is half a block
	"rings":  {cells: 4, block: 2, writers: 3, readers: 2, zeroFails: true, bursts: true},
}

// TestExact holds the oracle against the exact rules: it reports nothing else,
// and everything that its memory allows.
func TestExact(t *testing.T) {
	for name, cfg := range simConfigs {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				choice := rapid.IntRange(0, 1<<30)
				s := newSim(cfg, sound, func(n int) int { return choice.Draw(t, "choice") % n })
				if err := s.run(150); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestExactSeeds is TestExact on fixed histories, which show every kind.
func TestExactSeeds(t *testing.T) {
	for name, cfg := range simConfigs {
		var tally [numKinds + 1]int
		for seed := range uint64(500) {
			s := newSim(cfg, sound, rand.New(rand.NewPCG(seed, 3)).IntN)
			if err := s.run(150); err != nil {
				t.Fatalf("%s: seed %d: %v", name, seed, err)
			}
			for k, n := range s.tally {
				tally[k] += n
			}
		}
		for _, k := range []Kind{Torn, Nowhere, Stale, Inverted, Flipped, InFlight, numKinds} {
			if tally[k] < 20 {
				t.Errorf("%s: only %d cells were %v", name, tally[k], k)
			}
		}
	}
}

// TestMutants tests that the comparison notices when the oracle is driven
// wrongly or crippled, and that it would find nothing otherwise.
func TestMutants(t *testing.T) {
	for m := range numMutants {
		const histories = 200
		caught := 0
		for seed := range uint64(histories) {
			rng := rand.New(rand.NewPCG(seed, 1))
			if newSim(simConfigs["blocks"], m, rng.IntN).run(150) != nil {
				caught++
			}
		}
		t.Logf("mutant %d: %d of %d", m, caught, histories)
		if (caught > 0) != (m != sound) {
			t.Errorf("mutant %d was caught in %d of %d histories", m, caught, histories)
		}
	}
}
