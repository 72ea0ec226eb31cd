package bench

import (
	"fmt"
	"slices"
	"strings"

	"cohbench/bench/result"
	"cohbench/core"
)

// A Verdict is what a run amounts to. All lists are lines for people.
type Verdict struct {
	// Broken has a line for each engine and workload that did what the engine
	// claims never to do.
	Broken []string
	// Found has a line for each engine under test, which claims nothing, and
	// each workload on which something was found: a result, and no fault.
	Found []string
	// Warnings has what keeps the run from telling what it should: controls
	// in which nothing was found, above all.
	Warnings []string
}

// A control is an engine that must be caught on some workload.
type control struct {
	engine, workload string
	caught           func(*tally) bool
	looksLike        string
}

// controls lists who must be caught, and where.
var controls = []control{
	{"none", "direct-write+store", (*tally).incoherent, "coherent"},
	{"double-invalidate", "direct-write+store", (*tally).incoherent, "coherent"},
	{"addlock-nofdm", "self-buffer", (*tally).deadlocked, "free of deadlock"},
	{"addlock-nofdm", "cross-buffer", (*tally).deadlocked, "free of deadlock"},
}

// Judge holds the engines to their claims.
func Judge(engines []core.Engine, records []result.Record) Verdict {
	byName := map[string]core.Engine{}
	for _, e := range engines {
		byName[e.Name()] = e
	}
	var v Verdict
	for _, t := range tallies(records) {
		v.hold(byName[t.engine], t)
		v.Found = append(v.Found, t.underTest(byName[t.engine])...)
		if t.errors > 0 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("%s on %s: %d of %d cases failed: %s", t.who(), t.workload, t.errors, t.cases, t.firstError))
		}
		v.Warnings = append(v.Warnings, t.clean()...)
	}
	return v
}

// hold holds one engine to its claims on one workload. An engine without a
// cache has nothing to keep coherent: what is wrong there is no lock's fault.
func (v *Verdict) hold(e core.Engine, t *tally) {
	if e == nil {
		return
	}
	claims := e.Claims()
	if claims.Coherent && t.incoherent() {
		line := fmt.Sprintf("%s claims to be coherent: %s: %s", t.who(), t.workload, t.found())
		if e.MMU() == "none" {
			v.Warnings = append(v.Warnings, line+": it has no cache, so the device or this program is at fault")
		} else {
			v.Broken = append(v.Broken, line)
		}
	}
	if claims.DeadlockFree && t.deadlocked() {
		v.Broken = append(v.Broken, fmt.Sprintf("%s claims to be free of deadlock: %s: %d of %d cases ended in one", t.who(), t.workload, t.deadlocks, t.cases))
	}
}

// underTest is what was found in the running kernel.
func (t *tally) underTest(e core.Engine) []string {
	if e == nil || e.MMU() != kernelMMU || !t.incoherent() && t.eioRounds == 0 {
		return nil
	}
	line := fmt.Sprintf("%s on %s: in %d rounds, %d read what was stale, %d lost data, %d had EIO from a sync (%d of them without a loss)",
		t.who(), t.workload, t.rounds, t.staleRounds, t.lossRounds, t.eioRounds, t.quietEIO)
	if t.incoherent() {
		line += ": " + t.found()
	}
	return []string{line}
}

// kernelMMU is the MMU of engines that are the kernel itself.
const kernelMMU = "kernel"

// A tally sums up the records of one engine on one workload.
type tally struct {
	engine, workload, mmu    string
	severalMMUs              bool // the engine has others, too
	cases, deadlocks, errors int
	exposures                int64
	rounds                   int64
	staleRounds, lossRounds  int64
	eioRounds, quietEIO      int64
	oracle                   result.Oracle
	firstError               string
}

// tallies sums up records in the order in which their kinds first appear.
func tallies(records []result.Record) []*tally {
	var list []*tally
	byName := map[[3]string]*tally{}
	for i := range records {
		rec := &records[i]
		key := [3]string{rec.Engine, rec.Workload, rec.MMU}
		if byName[key] == nil {
			byName[key] = &tally{engine: rec.Engine, workload: rec.Workload, mmu: rec.MMU}
			list = append(list, byName[key])
		}
		byName[key].add(rec)
	}
	for _, t := range list {
		t.severalMMUs = slices.ContainsFunc(list, func(o *tally) bool { return o.engine == t.engine && o.mmu != t.mmu })
	}
	return list
}

// who names the engine, and its MMU where that tells it from another.
func (t *tally) who() string {
	if t.severalMMUs {
		return t.engine + " on MMU " + t.mmu
	}
	return t.engine
}

func (t *tally) add(rec *result.Record) {
	t.cases++
	t.exposures += rec.Exposures
	t.rounds += rec.Rounds
	t.staleRounds += rec.StaleRounds
	t.lossRounds += rec.LossRounds
	t.eioRounds += rec.EIORounds
	t.quietEIO += rec.QuietEIO
	t.oracle = sum(t.oracle, rec.Oracle)
	switch rec.Status {
	case result.StatusDeadlock:
		t.deadlocks++
	case result.StatusError:
		if t.errors == 0 {
			t.firstError, _, _ = strings.Cut(rec.Detail, "\n")
		}
		t.errors++
	}
}

// sum adds the counts of what must not be seen.
func sum(a, b result.Oracle) result.Oracle {
	a.Stale += b.Stale
	a.Inverted += b.Inverted
	a.Flipped += b.Flipped
	a.Torn += b.Torn
	a.Nowhere += b.Nowhere
	a.Lost += b.Lost
	a.SilentLost += b.SilentLost
	a.Incoherent += b.Incoherent
	return a
}

func (t *tally) incoherent() bool { return t.oracle.Broken() }
func (t *tally) deadlocked() bool { return t.deadlocks > 0 }

// found lists what was seen, in cells.
func (t *tally) found() string {
	var parts []string
	for _, f := range []struct {
		n    int64
		what string
	}{
		{t.oracle.Stale, "stale"}, {t.oracle.Inverted, "inverted"}, {t.oracle.Flipped, "flipped"},
		{t.oracle.Torn, "torn"}, {t.oracle.Nowhere, "from nowhere"},
		{t.oracle.Lost, "lost"}, {t.oracle.SilentLost, "silently lost"}, {t.oracle.Incoherent, "incoherent"},
	} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	return fmt.Sprintf("%s (cells, in %d exposures)", strings.Join(parts, ", "), t.exposures)
}

// clean warns of a control that was not caught.
func (t *tally) clean() []string {
	for _, c := range controls {
		if c.engine == t.engine && c.workload == t.workload && !c.caught(t) {
			return []string{fmt.Sprintf("%s on %s looks %s (%d exposures in %d cases): the control looks clean: the run is too short to tell",
				t.who(), t.workload, c.looksLike, t.exposures, t.cases)}
		}
	}
	return nil
}
