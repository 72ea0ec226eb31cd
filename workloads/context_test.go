package workloads

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// newContext makes one task of n on an engine in memory, outside of a round.
func newContext(t testing.TB, p Params, withOracle bool) *Context {
	w := &Workload{Name: "one", Files: 1, Roles: func(Params) []Role {
		return []Role{{Name: "task", Threads: p.Threads, DirectOnly: true}}
	}}
	x, err := newExecution(&Case{
		Engine: &memEngine{name: "mem"}, Backing: memBacking(1, p.Size), Workload: w, Params: p, Oracle: withOracle,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	for _, c := range x.tasks {
		x.bind(c)
	}
	return x.tasks[len(x.tasks)-1]
}

var onePage = Params{Threads: 1, Block: 4096, Size: 64 << 10}

// The operations of one task, for costs.
var operations = []struct {
	name string
	do   func(c *Context)
}{
	{"direct-write", func(c *Context) { c.WriteDirect(0, c.OwnBlock(c.P.Size)) }},
	{"direct-read", func(c *Context) { c.ReadDirect(0, c.Block()) }},
	{"buffered-write", func(c *Context) { c.Write(0, c.Block()) }},
	{"buffered-read", func(c *Context) { c.Read(0, c.Block()) }},
	{"load", func(c *Context) { c.Load(0, c.Cell(0, c.P.Size)) }},
	{"store", func(c *Context) { c.Store(0, c.Cell(0, c.P.Size)) }},
}

func TestOperationsDoNotAllocate(t *testing.T) {
	for _, op := range operations {
		c := newContext(t, onePage, true)
		for range 100 {
			op.do(c) // histograms, and the oracle's tables by cell
		}
		if n := testing.AllocsPerRun(1000, func() { op.do(c) }); n > 0 {
			t.Errorf("%s: %v allocations", op.name, n)
		}
	}
}

func BenchmarkOperation(b *testing.B) {
	for _, with := range []string{"off", "on"} {
		for _, op := range operations {
			b.Run("oracle="+with+"/op="+op.name, func(b *testing.B) {
				c := newContext(b, onePage, with == "on")
				b.ReportAllocs()
				for b.Loop() {
					op.do(c)
				}
			})
		}
	}
}

func TestOwnBlocksAreDisjoint(t *testing.T) {
	p := Params{Threads: 3, Block: 4096, Size: 10 * 4096}
	owner := map[int64]int{}
	for i := range p.Threads {
		c := &Context{P: p, Index: i, Of: p.Threads, Rand: rand.New(rand.NewPCG(1, uint64(i)))}
		for range 1000 {
			off := c.OwnBlock(p.Size)
			if other, taken := owner[off]; taken && other != i {
				t.Fatalf("block %#x belongs to %d and %d", off, other, i)
			}
			if off < 0 || off >= p.Size || off%4096 != 0 {
				t.Fatalf("no block: %#x", off)
			}
			owner[off] = i
		}
	}
	if len(owner) != 10 {
		t.Fatalf("%d of 10 blocks written", len(owner))
	}
	crowded := &Context{P: p, Index: 7, Of: 8, Rand: rand.New(rand.NewPCG(1, 1))}
	if off := crowded.OwnBlock(2 * 4096); off < 0 || off >= 2*4096 {
		t.Fatalf("of two blocks: %#x", off)
	}
}

func TestSameSeedSameChoices(t *testing.T) {
	choices := func(seed uint64) []int64 {
		x, err := newExecution(&Case{
			Engine: &memEngine{}, Backing: memBacking(1, 1<<20), Workload: DirectWrite, Seed: seed,
			Params: Params{Threads: 2, Block: 4096, Size: 1 << 20},
		})
		if err != nil {
			t.Fatal(err)
		}
		var offs []int64
		for _, c := range x.tasks {
			for range 50 {
				offs = append(offs, c.OwnBlock(c.P.Size))
			}
		}
		return offs
	}
	a, b, other := choices(1), choices(1), choices(2)
	differ := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("the same seed chooses differently")
		}
		if a[i] != other[i] {
			differ++
		}
	}
	if differ == 0 {
		t.Fatal("another seed chooses the same")
	}
}

func TestHotBlockFollowsTheWriters(t *testing.T) {
	c := newContext(t, onePage, true)
	c.WriteDirect(0, 5*4096)
	if off := c.HotBlock(); off != 5*4096 {
		t.Fatalf("hot block at %#x", off)
	}
}

func TestResidentShare(t *testing.T) {
	for _, pct := range []int{0, 1, 25, 50, 99, 100} {
		n := 0
		for i := range int64(1000) {
			if among(i, pct) {
				n++
			}
		}
		if n != 10*pct {
			t.Errorf("%d %%: %d of 1000 pages", pct, n)
		}
	}
}

// TestPacerKeepsTheRate: an operation never begins before its time, and none is
// skipped, however late a sleep ends: what was due meanwhile is made up for.
func TestPacerKeepsTheRate(t *testing.T) {
	const period = 20 * time.Microsecond
	c := &Context{shared: &shared{}, Of: 1}
	c.Pace(OpStore, period)
	first := c.pacer.next - int64(period)
	for n := int64(1); n <= 2000; n++ {
		if n == 1000 {
			time.Sleep(5 * time.Millisecond)
		}
		due := first + n*int64(period)
		if c.pacer.next != due {
			t.Fatalf("operation %d is planned %v off its time", n, time.Duration(c.pacer.next-due))
		}
		c.Pace(OpStore, period)
		if at := now(); at < due {
			t.Fatalf("operation %d began %v early", n, time.Duration(due-at))
		}
	}
}

func TestPacerStopsWithTheRound(t *testing.T) {
	c := &Context{shared: &shared{}, Of: 1}
	c.Pace(OpStore, time.Hour)
	c.shared.stop.Store(true)
	begin := time.Now()
	c.Pace(OpStore, time.Hour)
	if d := time.Since(begin); d > time.Second {
		t.Fatalf("waited %v after the round", d)
	}
}

func TestPeriod(t *testing.T) {
	if d := period(10_000, 2); d != 200*time.Microsecond {
		t.Errorf("two tasks at 10,000 per second together: %v", d)
	}
	if d := period(0, 2); d != 0 {
		t.Errorf("closed loop: %v", d)
	}
}

func TestRecordCountsWhatDoesNotFit(t *testing.T) {
	var s opStats
	s.record(1)
	s.record(histMax * 4)
	c := newClass()
	s.mergeInto(c)
	if c.Dropped != 1 || c.Hist.TotalCount() != 1 {
		t.Fatalf("%d dropped, %d kept", c.Dropped, c.Hist.TotalCount())
	}
}

func TestWorkloadsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range All() {
		if w.Doc == "" || w.Files < 1 || seen[w.Name] {
			t.Errorf("%q: a doc, a file and a name of its own are wanted", w.Name)
		}
		seen[w.Name] = true
		if err := w.Defaults.Check(); err != nil {
			t.Errorf("%s: defaults: %v", w.Name, err)
		}
		if got, err := Lookup(w.Name); got != w || err != nil {
			t.Errorf("Lookup(%q): %v", w.Name, err)
		}
	}
	if _, err := Lookup("no-such"); err == nil || !strings.Contains(err.Error(), "direct-write+store") {
		t.Errorf("an unknown workload: %v", err)
	}
}

// A read at the end of the file returns nothing, which is no stale data.
func TestShortReadsAreChecked(t *testing.T) {
	c := newContext(t, onePage, true)
	c.Cut(0, 0)
	if err := c.files[0].file.Truncate(c.Task, 0); err != nil {
		t.Fatal(err)
	}
	c.Read(0, 0)
	c.Load(0, 0)
	if s := c.stats[OpLoad]; s.errs[errBeyondEOF] != 1 {
		t.Errorf("load beyond the end: %v", s.errs)
	}
	if bad := c.files[0].r.Counts.Bad(); bad != 0 {
		t.Errorf("%d bad cells in nothing", bad)
	}
	if c.err != nil {
		t.Error(c.err)
	}
}
