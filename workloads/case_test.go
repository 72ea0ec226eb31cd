package workloads

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
)

// quickCase is a short case of w on e, small enough for a race detector.
func quickCase(e core.Engine, w *Workload) *Case {
	p := w.Defaults
	p.Size = min(p.Size, 256<<10)
	p.Block = min(p.Block, 16<<10)
	if p.Round > 0 {
		p.Round = 20 * time.Millisecond
	}
	if p.StorePace == 0 {
		p.StorePace = 100 * time.Microsecond
	}
	return &Case{
		Engine: e, Backing: memBacking(w.Files, p.Size), Workload: w, Params: p,
		Duration: 60 * time.Millisecond, Warmup: 5 * time.Millisecond, Seed: 1, Oracle: true,
	}
}

func mustRun(t *testing.T, c *Case) *Outcome {
	t.Helper()
	o, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// eventually runs the case until its outcome is as wanted: on a busy machine a
// task may have no processor for the whole of a short case.
func eventually(t *testing.T, c *Case, wanted func(o *Outcome) bool) *Outcome {
	t.Helper()
	for range 20 {
		if o := mustRun(t, c); wanted(o) {
			return o
		}
	}
	t.Fatalf("%s on %s: not once in 20 runs", c.Workload.Name, c.Engine.Name())
	return nil
}

// noLeaks fails if the test ends with more goroutines than it began with.
func noLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for i := 0; runtime.NumGoroutine() > before; i++ {
			if i == 100 {
				buf := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func TestCorrectEnginePassesEveryWorkload(t *testing.T) {
	for _, w := range All() {
		t.Run(w.Name, func(t *testing.T) {
			noLeaks(t)
			o := mustRun(t, quickCase(&memEngine{name: "mem"}, w))
			if o.Status != StatusOK {
				t.Fatalf("status %s: %s", o.Status, o.Detail)
			}
			if bad := o.Oracle.Bad() + o.Warmup.Bad(); bad != 0 || o.LossRounds+o.StaleRounds != 0 {
				t.Fatalf("%d bad cells; first %v", bad, o.Violations)
			}
			checkFigures(t, o)
		})
	}
}

// checkFigures checks what must hold of every case that ran.
func checkFigures(t *testing.T, o *Outcome) {
	t.Helper()
	if o.Rounds == 0 || o.Elapsed < 60*time.Millisecond || o.Elapsed > 10*time.Second {
		t.Errorf("%d rounds in %v", o.Rounds, o.Elapsed)
	}
	if o.Oracle.Checked == 0 {
		t.Error("nothing was checked")
	}
	if o.CPU == 0 && runtime.GOOS == "linux" {
		t.Error("no CPU time")
	}
	for name, c := range o.Classes {
		if c.Ops == 0 && c.Hist.TotalCount() > 20 || c.Ops > c.Hist.TotalCount()+c.Dropped {
			t.Errorf("%s: %d operations, %d latencies", name, c.Ops, c.Hist.TotalCount())
		}
	}
}

func TestWorkloadsDoWhatTheySay(t *testing.T) {
	want := map[string][]Op{
		"direct-read":                {OpDirectRead},
		"direct-write":               {OpDirectWrite},
		"direct-write+load":          {OpDirectWrite, OpLoad},
		"direct-write+store":         {OpDirectWrite, OpStore, OpLoad, OpSync},
		"direct-write+store-beside":  {OpDirectWrite, OpStore, OpLoad, OpSync},
		"direct-write+buffered-read": {OpDirectWrite, OpBufferedRead},
		"direct-read+buffered-write": {OpDirectRead, OpBufferedWrite},
		"mixed":                      {OpDirectWrite, OpDirectRead, OpBufferedWrite, OpBufferedRead, OpLoad, OpStore, OpFault, OpSync, OpEvict, OpPunch, OpTruncate},
		"mixed-one-lock":             {OpDirectWrite, OpDirectRead, OpBufferedWrite, OpBufferedRead, OpLoad, OpStore, OpFault, OpSync, OpEvict, OpPunch, OpTruncate},
		"self-buffer":                {OpDirectWrite, OpFill, OpSync, OpEvict},
		"cross-buffer":               {OpDirectWrite, OpFill, OpSync, OpEvict},
		"ring-buffer":                {OpDirectWrite, OpFill, OpSync, OpEvict},
		"fault-storm":                {OpDirectWrite, OpFault},
		"truncate+fault":             {OpDirectWrite, OpFault, OpTruncate},
		"buffered-write":             {OpBufferedWrite},
		"direct-only":                {OpDirectRead, OpDirectWrite},
	}
	for _, w := range All() {
		eventually(t, quickCase(&memEngine{name: "mem"}, w), func(o *Outcome) bool {
			return !slices.ContainsFunc(want[w.Name], func(op Op) bool {
				c := o.Classes[op.String()]
				return c == nil || c.Hist.TotalCount() == 0
			})
		})
		if len(want[w.Name]) == 0 {
			t.Errorf("%s: not in the table", w.Name)
		}
	}
}

func TestDroppedWriteIsLost(t *testing.T) {
	noLeaks(t)
	o := mustRun(t, quickCase(&memEngine{name: "dropping", dropNth: 5}, DirectWrite))
	wantPerRound(t, o)
	if o.Oracle.Lost == 0 || o.LossRounds == 0 || o.Oracle.SilentLost != o.Oracle.Lost {
		t.Fatalf("lost %d, silently %d, in %d rounds", o.Oracle.Lost, o.Oracle.SilentLost, o.LossRounds)
	}
	if len(o.Violations) == 0 {
		t.Fatal("no violation kept")
	}
}

func TestAnnouncedLossIsNotSilent(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "announcing", dropNth: 5, failSync: true}, DirectWrite))
	if o.Oracle.Lost == 0 || o.Oracle.SilentLost != 0 {
		t.Fatalf("lost %d, silently %d", o.Oracle.Lost, o.Oracle.SilentLost)
	}
	if o.EIORounds != o.Rounds || o.QuietEIO != o.Rounds-o.LossRounds {
		t.Fatalf("%d rounds, %d lost something, %d had EIO, %d without a loss", o.Rounds, o.LossRounds, o.EIORounds, o.QuietEIO)
	}
}

func TestErrorWithoutALoss(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "complaining", failSync: true}, DirectWrite))
	if o.EIORounds != o.Rounds || o.QuietEIO != o.Rounds || o.Rounds == 0 {
		t.Fatalf("%d rounds, %d had EIO, %d without a loss", o.Rounds, o.EIORounds, o.QuietEIO)
	}
}

// A case that begins every round with holes reads them as zeros, whoever wrote
// there before, and writes into them.
func TestHoles(t *testing.T) {
	e := &memEngine{name: "holes"}
	c := quickCase(e, DirectOnly)
	c.Params.HolePct, c.Params.Round = 50, 10*time.Millisecond
	o := eventually(t, c, func(o *Outcome) bool { return o.Rounds >= 2 && e.punched > 0 })
	if o.Oracle.Bad() != 0 {
		t.Errorf("%d bad cells: %v", o.Oracle.Bad(), o.Violations)
	}
}

func TestTooFewBlocks(t *testing.T) {
	c := quickCase(&memEngine{name: "array"}, DirectWriteStoreBeside)
	c.Params.Size = int64(c.Params.Block)
	if _, err := c.Run(t.Context()); err == nil {
		t.Error("a pair of blocks was found in one block")
	}
}

// The file is synced once when it is prepared, after the warm-up, and after
// each round: everything is dropped until the first measured round is over.
func TestLossIsRepaired(t *testing.T) {
	c := quickCase(&memEngine{name: "dropping at first", dropNth: 1, dropSyncs: 3}, DirectWrite)
	c.Params.Round, c.Duration = 20*time.Millisecond, 400*time.Millisecond
	o := mustRun(t, c)
	if o.Warmup.Lost == 0 || o.Oracle.Lost == 0 || o.LossRounds != 1 || o.Rounds < 2 {
		t.Fatalf("lost %d in the warm-up, %d after it; %d of %d rounds lost something",
			o.Warmup.Lost, o.Oracle.Lost, o.LossRounds, o.Rounds)
	}
}

func TestStaleCacheIsStale(t *testing.T) {
	c := quickCase(&memEngine{name: "stale", stale: true}, DirectWriteBufferedRead)
	o := eventually(t, c, func(o *Outcome) bool { return o.Oracle.Stale > 0 })
	if o.StaleRounds == 0 || o.Oracle.Lost != 0 {
		t.Fatalf("stale %d in %d rounds, lost %d", o.Oracle.Stale, o.StaleRounds, o.Oracle.Lost)
	}
}

func TestTornStoreIsTorn(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "torn", torn: true}, DirectWriteStore))
	if o.Oracle.Torn+o.Oracle.Nowhere+o.Oracle.Lost == 0 {
		t.Fatalf("%+v", o.Oracle)
	}
}

func TestSourcesAreExempt(t *testing.T) {
	for _, w := range []*Workload{SelfBuffer, CrossBuffer, RingBuffer} {
		lost := int64(0)
		for range 10 { // a loss that a later write hides is none
			if lost = mustRun(t, quickCase(&memEngine{name: "dropping", dropNth: 5}, w)).Oracle.Lost; lost > 0 {
				break
			}
		}
		if lost == 0 {
			t.Errorf("%s: the destinations are not checked", w.Name)
		}
	}
}

func TestEFAULTIsRetried(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "faulting", fault: true}, SelfBuffer))
	c := o.Classes["direct-write"]
	if o.Status != StatusOK || c.Errors["EFAULT"] == 0 || c.Ops == 0 || o.Oracle.Bad() != 0 {
		t.Fatalf("%s %s: %d operations, errors %v, %d bad", o.Status, o.Detail, c.Ops, c.Errors, o.Oracle.Bad())
	}
}

func TestDeadlockIsReportedAndLeavesNothing(t *testing.T) {
	noLeaks(t)
	c := quickCase(&memEngine{name: "crossed", crossed: true}, DirectWrite)
	c.Duration, c.Timeout = 20*time.Second, time.Minute
	o := mustRun(t, c)
	if o.Status != StatusDeadlock || o.Deadlock == nil || len(o.Deadlock.Blocked) < 2 {
		t.Fatalf("%s: %s", o.Status, o.Detail)
	}
	for _, b := range o.Deadlock.Blocked {
		if b.Op != "direct-write" || b.Wants.Object == nil {
			t.Errorf("%+v", b)
		}
	}
	if next := mustRun(t, quickCase(&memEngine{name: "mem"}, DirectWrite)); next.Status != StatusOK {
		t.Fatalf("the next case: %s: %s", next.Status, next.Detail)
	}
}

func TestHangEndsByTimeout(t *testing.T) {
	noLeaks(t)
	c := quickCase(&memEngine{name: "hanging", hangNth: 50}, DirectWrite)
	c.Warmup, c.Timeout, c.StarveAfter = 200*time.Millisecond, 200*time.Millisecond, 50*time.Millisecond
	o := mustRun(t, c)
	if o.Status != StatusError || o.Deadlock != nil || len(o.Starved) == 0 {
		t.Fatalf("%s: %s; starved %v", o.Status, o.Detail, o.Starved)
	}
}

func TestSlowCheckIsNoHang(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 2 s")
	}
	c := quickCase(&memEngine{name: "slow to read", slowRead: 200 * time.Millisecond}, DirectWrite)
	c.Params.Size, c.Params.Threads = 4<<20, 1
	c.Backing = memBacking(1, c.Params.Size)
	c.Timeout = 600 * time.Millisecond // three of the four reads, of which each is a step
	if o := mustRun(t, c); o.Status != StatusOK {
		t.Fatalf("%s: %s", o.Status, o.Detail)
	}
}

func TestStarvedWriterIsNamed(t *testing.T) {
	c := quickCase(&memEngine{name: "slow", slowNth: 200, slow: 600 * time.Millisecond}, DirectWrite)
	c.StarveAfter = 60 * time.Millisecond
	o := mustRun(t, c)
	if o.Status != StatusStarved || len(o.Starved) == 0 || o.Starved[0].For < c.StarveAfter {
		t.Fatalf("%s: %v", o.Status, o.Starved)
	}
	c.StarveAfter = 10 * time.Second
	if o := mustRun(t, c); o.Status != StatusOK {
		t.Fatalf("%s: %v", o.Status, o.Starved)
	}
}

func TestUnexpectedErrorEndsTheCase(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "failing", errNth: 20, err: errPlanted}, DirectWrite))
	if o.Status != StatusError || o.Detail != "direct-write: planted" {
		t.Fatalf("%s: %q", o.Status, o.Detail)
	}
}

func TestFailedDiskEndsTheCase(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "failing", errNth: 20, err: core.ErrIO}, DirectWrite))
	if o.Status != StatusError {
		t.Fatalf("%s: %q", o.Status, o.Detail)
	}
}

func TestRawRunsDirectRolesOnly(t *testing.T) {
	for _, w := range All() {
		o := mustRun(t, quickCase(&memEngine{name: "raw", raw: true}, w))
		if w == Mixed || w == MixedOneLock || w == BufferedWrite {
			if o.Status != StatusUnsupported {
				t.Errorf("%s: %s", w.Name, o.Status)
			}
			continue
		}
		if o.Status != StatusOK || o.Classes["load"] != nil || o.Classes["store"] != nil || o.Oracle.Bad() != 0 {
			t.Errorf("%s: %s %s: %v", w.Name, o.Status, o.Detail, o.Classes)
		}
	}
}

func TestInterruptKeepsWhatWasMeasured(t *testing.T) {
	noLeaks(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	afterRound2 := func(n int) {
		if n == 4 {
			cancel()
		}
	}
	c := quickCase(&memEngine{name: "mem", onSync: afterRound2}, DirectWrite)
	c.Params.Round, c.Duration = 20*time.Millisecond, time.Minute
	o, err := c.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != StatusInterrupted || o.Rounds == 0 || o.Classes["direct-write"].Ops == 0 {
		t.Fatalf("%s: %d rounds", o.Status, o.Rounds)
	}
}

func TestHarnessLockTamesARacyEngine(t *testing.T) {
	c := quickCase(&memEngine{name: "crossed", crossed: true}, DirectWrite)
	c.Lock = new(sync.RWMutex)
	if o := mustRun(t, c); o.Status != StatusOK {
		t.Fatalf("%s: %s", o.Status, o.Detail)
	}
}

func TestRuntimeIsPutBack(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	o := mustRun(t, quickCase(&memEngine{name: "mem"}, DirectWrite))
	if runtime.GOMAXPROCS(0) != procs {
		t.Errorf("GOMAXPROCS %d, was %d", runtime.GOMAXPROCS(0), procs)
	}
	if o.GCs != 0 {
		t.Errorf("%d collections inside the windows", o.GCs)
	}
}

func TestCasesThatCannotRun(t *testing.T) {
	bad := map[string]func(c *Case){
		"no threads":    func(c *Case) { c.Params.Threads = 0 },
		"odd block":     func(c *Case) { c.Params.Block = 1000 },
		"ragged size":   func(c *Case) { c.Params.Size = 10_000 },
		"few files":     func(c *Case) { c.Backing = c.Backing[:1] },
		"cramped":       func(c *Case) { c.Params.Size = 2 * int64(c.Params.Block) },
		"negative pace": func(c *Case) { c.Params.SyncPace = -1 },
	}
	for name, spoil := range bad {
		c := quickCase(&memEngine{name: "mem"}, CrossBuffer)
		spoil(c)
		if _, err := c.Run(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c := quickCase(&memEngine{name: "mem"}, DirectWrite)
	c.Params.Size *= 2
	if o := mustRun(t, c); o.Status != StatusError {
		t.Errorf("short file: %s", o.Status)
	}
}

func TestClassify(t *testing.T) {
	for err, want := range map[error]string{
		core.ErrFault: "EFAULT", core.ErrBeyondEOF: "SIGBUS", core.ErrIO: "EIO", errNoCache: "unsupported",
		&sched.CanceledError{Cause: core.ErrIO}: "canceled", errPlanted: "other",
		errors.Join(errPlanted, core.ErrIO): "EIO",
	} {
		if got := errorNames[classify(err)]; got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// What an engine lacks is counted, and ends no case; a layout that it cannot
// make does.
func TestEnginesWithoutMsync(t *testing.T) {
	c := quickCase(&memEngine{name: "mem"}, DirectWriteStore)
	c.Params.MsyncPct, c.Params.SyncPace = 100, time.Millisecond
	o := mustRun(t, c)
	if o.Status != StatusOK || o.Classes["msync"] == nil || o.Classes["msync"].Errors["unsupported"] == 0 {
		t.Errorf("%s: %s: %v", o.Status, o.Detail, o.Classes["msync"])
	}
	c.Params.Layout = LayoutPrealloc
	if o := mustRun(t, c); o.Status != StatusUnsupported {
		t.Errorf("prealloc: %s: %s", o.Status, o.Detail)
	}
}

// wantPerRound checks that the rounds add up to the whole.
func wantPerRound(t *testing.T, o *Outcome) {
	t.Helper()
	var sum Round
	lost := 0
	for _, r := range o.PerRound {
		sum.Exposures += r.Exposures
		sum.StaleReads += r.StaleReads
		if r.Lost {
			lost++
		}
	}
	if len(o.PerRound) != o.Rounds || sum.Exposures != o.Stats.Exposures || sum.StaleReads != o.Oracle.StaleEvents || lost != o.LossRounds {
		t.Errorf("%d of %d rounds have %d of %d exposures, %d of %d stale reads, %d of %d losses", len(o.PerRound), o.Rounds,
			sum.Exposures, o.Stats.Exposures, sum.StaleReads, o.Oracle.StaleEvents, lost, o.LossRounds)
	}
}
