package bench

import (
	"fmt"

	"cohbench/bench/compare"
	"cohbench/bench/result"
	"cohbench/core"
)

// A Verdict is what a run amounts to. All lists are lines for people.
type Verdict struct {
	// Broken has a line for each engine and workload that did what the engine
	// claims never to do.
	Broken []string
	// Warnings has what keeps the run from telling what it should: controls
	// in which nothing was found, above all.
	Warnings []string
}

// A control is an engine that must be caught on some workload.
type control struct {
	engine, workload string
	caught           func(*compare.Total) bool
	looksLike        string
}

// controls lists who must be caught, and where.
var controls = []control{
	{"none", "direct-write+store", (*compare.Total).Incoherent, "coherent"},
	{"double-invalidate", "direct-write+store", (*compare.Total).Incoherent, "coherent"},
	{"addlock-nofdm", "self-buffer", deadlocked, "free of deadlock"},
	{"addlock-nofdm", "cross-buffer", deadlocked, "free of deadlock"},
}

// Judge holds the engines to their claims.
func Judge(engines []core.Engine, records []result.Record) Verdict {
	byName := map[string]core.Engine{}
	for _, e := range engines {
		byName[e.Name()] = e
	}
	var v Verdict
	for _, t := range compare.Totals(records) {
		v.hold(byName[t.Engine], t)
		if t.Errors > 0 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("%s on %s: %d of %d cases failed: %s", t.Who(), t.Workload, t.Errors, t.Cases, t.FirstError))
		}
		v.Warnings = append(v.Warnings, clean(t)...)
	}
	return v
}

// hold holds one engine to its claims on one workload. An engine without a
// cache has nothing to keep coherent: what is wrong there is no lock's fault.
func (v *Verdict) hold(e core.Engine, t *compare.Total) {
	if e == nil {
		return
	}
	claims := e.Claims()
	if claims.Coherent && t.Incoherent() {
		line := fmt.Sprintf("%s claims to be coherent: %s: %s", t.Who(), t.Workload, t.Cells())
		if e.MMU() == "none" {
			v.Warnings = append(v.Warnings, line+": it has no cache, so the device or this program is at fault")
		} else {
			v.Broken = append(v.Broken, line)
		}
	}
	if claims.DeadlockFree && deadlocked(t) {
		v.Broken = append(v.Broken, fmt.Sprintf("%s claims to be free of deadlock: %s: %d of %d cases ended in one", t.Who(), t.Workload, t.Deadlocks, t.Cases))
	}
}

func deadlocked(t *compare.Total) bool { return t.Deadlocks > 0 }

// clean warns of a control that was not caught.
func clean(t *compare.Total) []string {
	for _, c := range controls {
		if c.engine == t.Engine && c.workload == t.Workload && !c.caught(t) {
			return []string{fmt.Sprintf("%s on %s looks %s (%d exposures in %d cases): the control looks clean: the run is too short to tell",
				t.Who(), t.Workload, c.looksLike, t.Exposures, t.Cases)}
		}
	}
	return nil
}
