package bench

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cohbench/bench/compare"
	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

// aaVar is the environment variable that turns TestAA on: so many comparisons
// of ten repetitions of so long for each engine, as "100x200ms".
const aaVar = "COHBENCH_AA"

// Of comparisons, how many may call two identical engines different, and how
// many must tell a slowdown of slowdown.
const (
	maxFalse    = 0.05
	minDetected = 0.95
	slowdown    = 0.05
	aaReps      = 10
)

// A slice is so many writes by one engine before it is the next one's turn: a
// millisecond or two, so that what disturbs the machine for longer disturbs all.
const sliceWrites = 16

// TestAA shows how far a comparison of ten repetitions may be believed on this
// machine:
//
//	COHBENCH_AA=100x200ms go test -run AA -v -timeout 30m ./bench
//
// Three engines write 4 KiB blocks directly to one real file: raw, raw again,
// and raw on a disk whose writes take 5 % longer. They take turns every 16 writes, in
// an order that turns round (Order). A repetition is as many turns as fit its length,
// and its figure the median of the ratios to raw in the same turn: what lasts longer
// than a turn cancels, and what hits single turns, a write that hangs or a processor taken
// away, does not count. The twin must not be called different in more than 5 % of the
// comparisons; the slower one must be in at least 95 % of them, beyond what the twin
// differs by. The file goes to COHBENCH_DIR, else to the directory for temporary files.
// A hundred comparisons of 200 ms take ten minutes.
func TestAA(t *testing.T) {
	var comparisons int
	var length string
	if n, _ := fmt.Sscanf(os.Getenv(aaVar), "%dx%s", &comparisons, &length); n != 2 {
		t.Skipf("takes minutes: set %s=100x200ms", aaVar)
	}
	d, err := time.ParseDuration(length)
	if err != nil {
		t.Fatal(err)
	}
	s, begin := newAASubject(t), time.Now()
	var score aaScore
	for i := range comparisons {
		score.add(t, s.repetitions(t, i, d))
	}
	t.Logf("in %v, load average %s", time.Since(begin).Round(time.Second), loadAverage())
	score.report(t)
	if got := score.rate(score.falseAlarms); got > maxFalse {
		t.Errorf("identical engines are called different in %.0f %% of the comparisons, want at most %.0f %%", 100*got, 100*maxFalse)
	}
	if got := score.rate(score.detected); got < minDetected {
		t.Errorf("a slowdown of %.0f %% is told in %.0f %% of the comparisons, want at least %.0f %%: measure for longer", 100*slowdown, 100*got, 100*minDetected)
	}
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// The engines of an aaSubject.
const (
	aaRaw = iota
	aaTwin
	aaSlow
	aaEngines
)

// An aaSubject is one file under several engines, and the task that writes it.
type aaSubject struct {
	task  *core.Task
	files [aaEngines]core.File
	buf   []byte
	size  int64
	next  int64 // offset of the next write: all engines write the same blocks
}

func newAASubject(t *testing.T) *aaSubject {
	dir := os.Getenv("COHBENCH_DIR")
	if dir == "" {
		dir = directDir(t)
	}
	const size = 2 << 20
	file, err := disk.Create(filepath.Join(dir, fmt.Sprintf("cohbench-%d-aa.dat", os.Getpid())), size)
	if err != nil {
		t.Fatal(err)
	}
	g := sched.NewGroup()
	s := &aaSubject{task: core.NewTask(g.Thread("writer")), buf: disk.Block(core.PageSize), size: size}
	for i, d := range []disk.Disk{file, file, slowDisk{file}} {
		if s.files[i], err = (core.Raw{}).Open(g, core.Backing{Path: file.Path(), Disk: d}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := file.Remove(); err != nil {
			t.Error(err)
		}
	})
	for range 2 * size / core.PageSize { // the first writes of a block allocate it
		s.write(t, aaRaw)
	}
	return s
}

func (s *aaSubject) write(t *testing.T, engine int) {
	if _, err := s.files[engine].WriteDirect(s.task, core.Buffer{Mem: s.buf}, s.next); err != nil {
		t.Fatal(err)
	}
	s.next = (s.next + core.PageSize) % s.size
}

// repetitions measures one comparison: the ratio of each engine's rate to
// raw's, by repetition.
func (s *aaSubject) repetitions(t *testing.T, seed int, d time.Duration) (ratios [aaEngines]map[int]float64) {
	for engine := range ratios {
		ratios[engine] = map[int]float64{}
	}
	for rep := range aaReps {
		var turns [aaEngines][]float64
		for turn, begin := 0, time.Now(); time.Since(begin) < aaEngines*d; turn++ {
			took := s.turn(t, Order(uint64(seed*aaReps+rep), turn, aaEngines))
			for engine, d := range took {
				turns[engine] = append(turns[engine], took[aaRaw].Seconds()/d.Seconds())
			}
		}
		for engine := range ratios {
			ratios[engine][rep] = compare.Median(turns[engine]).Center
		}
	}
	return ratios
}

// turn gives each engine its turn, and says how long it took.
func (s *aaSubject) turn(t *testing.T, order []int) (took [aaEngines]time.Duration) {
	for _, engine := range order {
		start := time.Now()
		for range sliceWrites {
			s.write(t, engine)
		}
		took[engine] = time.Since(start)
	}
	return took
}

// aaScore counts what comparisons said.
type aaScore struct {
	comparisons int
	falseAlarms int                  // the twin's ratio is a difference by its own interval
	detected    int                  // the slower engine is different, beyond the noise of the twin
	significant int                  // the same by its own interval alone
	ratios      [aaEngines][]float64 // of all repetitions
}

// add takes in one comparison of the twin, and of the slower engine, with raw.
func (s *aaScore) add(t *testing.T, ratios [aaEngines]map[int]float64) {
	t.Helper()
	aa, slower := compare.Paired(ratios[aaTwin], ratios[aaRaw]), compare.Paired(ratios[aaSlow], ratios[aaRaw])
	if aa.Refused != "" || slower.Refused != "" {
		t.Fatalf("%s %s", aa.Refused, slower.Refused)
	}
	s.comparisons++
	s.falseAlarms += one(aa.Lo > 1 || aa.Hi < 1)
	s.significant += one(slower.Hi < 1)
	s.detected += one(slower.Verdict(aa) == compare.Different && slower.Hi < 1)
	for engine := range ratios {
		s.ratios[engine] = slices.AppendSeq(s.ratios[engine], maps.Values(ratios[engine]))
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *aaScore) rate(n int) float64 { return float64(n) / float64(s.comparisons) }

func (s *aaScore) report(t *testing.T) {
	t.Logf("%d comparisons of %d repetitions", s.comparisons, aaReps)
	t.Logf("identical: different in %d; %s", s.falseAlarms, spread(s.ratios[aaTwin]))
	t.Logf("%.0f %% slower: different beyond the twin's noise in %d, by its own interval in %d; %s",
		100*slowdown, s.detected, s.significant, spread(s.ratios[aaSlow]))
}

// spread is the middle of ratios, and how far half of them are from it.
func spread(ratios []float64) string {
	center := compare.Median(ratios).Center
	var off []float64
	for _, v := range ratios {
		off = append(off, math.Abs(v-center))
	}
	return fmt.Sprintf("ratio of one repetition %.3f, half of them within %.1f %% of that", center, 100*compare.Median(off).Center)
}

// slowDisk takes longer to write.
type slowDisk struct{ disk.Disk }

// WriteAt keeps the processor after the write for a part of the time that the
// write took. A sleep would be longer than that.
func (d slowDisk) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	start := time.Now()
	n, err := d.Disk.WriteAt(t, p, off)
	took := time.Since(start)
	for until := took + time.Duration(slowdown*float64(took)); time.Since(start) < until; {
	}
	return n, err
}
