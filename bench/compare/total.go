package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cohbench/bench/result"
)

// A Total sums up the records of one engine on one workload, twins and all
// settings together.
type Total struct {
	Engine, Workload, MMU    string
	Cases, Deadlocks, Errors int
	FirstError               string
	Exposures, Rounds        int64
	StaleRounds, LossRounds  int64
	EIORounds, QuietEIO      int64
	Oracle                   result.Oracle // counts of what must not be seen, no others

	severalMMUs bool // the engine has others, too
}

// Totals sums up records in the order in which their kinds first appear.
func Totals(records []result.Record) []*Total {
	var list []*Total
	byName := map[[3]string]*Total{}
	for i := range records {
		rec := &records[i]
		key := [3]string{rec.Engine, rec.Workload, rec.MMU}
		if byName[key] == nil {
			byName[key] = &Total{Engine: rec.Engine, Workload: rec.Workload, MMU: rec.MMU}
			list = append(list, byName[key])
		}
		byName[key].add(rec)
	}
	for _, t := range list {
		t.severalMMUs = slices.ContainsFunc(list, func(o *Total) bool { return o.Engine == t.Engine && o.MMU != t.MMU })
	}
	return list
}

// Found has a line for each engine and workload of a run on which anything was
// found, claimed or not, in display order.
func Found(run *result.Run) []string {
	totals := Totals(run.Records)
	workloads := order(run.Env.Plan.Workloads, totals, func(t *Total) string { return t.Workload })
	engines := order(names(run.Env.Engines), totals, func(t *Total) string { return t.Engine })
	slices.SortStableFunc(totals, func(a, b *Total) int {
		return cmp.Or(cmp.Compare(workloads[a.Workload], workloads[b.Workload]), cmp.Compare(engines[a.Engine], engines[b.Engine]), cmp.Compare(a.MMU, b.MMU))
	})
	var lines []string
	for _, t := range totals {
		if t.Incoherent() || t.EIORounds > 0 {
			lines = append(lines, t.String())
		}
	}
	return lines
}

// Who names the engine, and its MMU where that tells it from another.
func (t *Total) Who() string {
	if t.severalMMUs {
		return t.Engine + " on MMU " + t.MMU
	}
	return t.Engine
}

func (t *Total) add(rec *result.Record) {
	t.Cases++
	t.Exposures += rec.Exposures
	t.Rounds += rec.Rounds
	t.StaleRounds += rec.StaleRounds
	t.LossRounds += rec.LossRounds
	t.EIORounds += rec.EIORounds
	t.QuietEIO += rec.QuietEIO
	t.Oracle = addMisdeeds(t.Oracle, rec.Oracle)
	switch rec.Status {
	case result.StatusDeadlock:
		t.Deadlocks++
	case result.StatusError:
		if t.Errors == 0 {
			t.FirstError, _, _ = strings.Cut(rec.Detail, "\n")
		}
		t.Errors++
	}
}

func addMisdeeds(a, b result.Oracle) result.Oracle {
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

// Incoherent reports whether a claim of coherence is broken by this.
func (t *Total) Incoherent() bool { return t.Oracle.Broken() }

// Cells lists the cells that were seen wrong, by kind.
func (t *Total) Cells() string {
	var parts []string
	for _, f := range []struct {
		n    int64
		what string
	}{
		{t.Oracle.Stale, "stale"}, {t.Oracle.Inverted, "inverted"}, {t.Oracle.Flipped, "flipped"},
		{t.Oracle.Torn, "torn"}, {t.Oracle.Nowhere, "from nowhere"},
		{t.Oracle.Lost, "lost"}, {t.Oracle.SilentLost, "silently lost"}, {t.Oracle.Incoherent, "incoherent"},
	} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	return fmt.Sprintf("%s (cells, in %d exposures)", strings.Join(parts, ", "), t.Exposures)
}

// String is the total as a finding, each signal for itself.
func (t *Total) String() string {
	line := fmt.Sprintf("%s on %s: in %d rounds, %d read what was stale, %d lost data, %d had EIO from a sync (%d of them without a loss)",
		t.Who(), t.Workload, t.Rounds, t.StaleRounds, t.LossRounds, t.EIORounds, t.QuietEIO)
	if t.Incoherent() {
		line += ": " + t.Cells()
	}
	return line
}
