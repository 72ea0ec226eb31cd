package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A Group is the cases that may be compared with one another: they differ by
// engine, and in nothing else.
type Group struct {
	Workload string
	Threads  int
	MMU, IO  string
	Block    int
	Size     int64
	IODepth  int           // direct requests in flight per task; 0: one
	Set      string        // parameters that are not the workload's own
	Class    string        // the class of operations that is compared: see Headline
	Cases    []result.Case // one per engine, in display order; twins left out
}

// Groups sorts the cases of a run into groups: workloads and engines in the
// order of the run's plan, or else of appearance, then by threads.
func Groups(run *result.Run) []Group {
	var groups []Group
	for _, c := range Cases(run.Records) {
		if c.Pair != 0 || !ownMMU(c.MMU) {
			continue
		}
		groups = join(groups, c)
	}
	groups = addWithoutMMU(groups, run.Records)
	workloads := order(run.Env.Plan.Workloads, groups, func(g Group) string { return g.Workload })
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(workloads[a.Workload], workloads[b.Workload]), cmp.Compare(a.Threads, b.Threads),
			cmp.Compare(a.Block, b.Block), cmp.Compare(a.Size, b.Size), cmp.Compare(a.IODepth, b.IODepth), compareSettings(a.Set, b.Set), cmp.Compare(a.MMU, b.MMU), cmp.Compare(a.IO, b.IO))
	})
	engines := order(names(run.Env.Engines), Cases(run.Records), func(c result.Case) string { return c.Engine })
	for i := range groups {
		g := &groups[i]
		slices.SortStableFunc(g.Cases, func(a, b result.Case) int { return cmp.Compare(engines[a.Engine], engines[b.Engine]) })
		g.Class = Headline(run.Records, g.Workload)
	}
	return groups
}

// compareSettings orders settings by their names and values, numbers by size:
// "rate/store=2000" comes before "rate/store=10000".
func compareSettings(a, b string) int {
	x, y := strings.Split(a, ","), strings.Split(b, ",")
	return slices.CompareFunc(x, y, func(a, b string) int {
		ak, av, _ := strings.Cut(a, "=")
		bk, bv, _ := strings.Cut(b, "=")
		an, aerr := strconv.ParseFloat(av, 64)
		bn, berr := strconv.ParseFloat(bv, 64)
		if ak == bk && aerr == nil && berr == nil {
			return cmp.Compare(an, bn)
		}
		return cmp.Compare(a, b)
	})
}

// join adds a case to the group it belongs to, or to a new one.
func join(groups []Group, c result.Case) []Group {
	for i := range groups {
		g := &groups[i]
		if g.Workload == c.Workload && g.Threads == c.Threads && g.MMU == c.MMU && g.IO == c.IO && g.Block == c.Block && g.Size == c.Size && g.IODepth == c.IODepth && g.Set == c.Set {
			g.Cases = append(g.Cases, c)
			return groups
		}
	}
	return append(groups, Group{Workload: c.Workload, Threads: c.Threads, MMU: c.MMU, IO: c.IO, Block: c.Block, Size: c.Size, IODepth: c.IODepth, Set: c.Set, Cases: []result.Case{c}})
}

// addWithoutMMU adds the cases of engines without page tables of their own,
// which may be compared whatever the MMU of the others: each joins all groups
// that it matches, or makes one for itself and its like.
func addWithoutMMU(groups []Group, records []result.Record) []Group {
	with := len(groups)
	for _, c := range Cases(records) {
		if c.Pair != 0 || ownMMU(c.MMU) {
			continue
		}
		found := false
		for i := range groups[:with] {
			if Mixed(groups[i].Cases[0], c) == "" {
				groups[i].Cases = append(groups[i].Cases, c)
				found = true
			}
		}
		if !found {
			groups = joinAnyMMU(groups, with, c)
		}
	}
	return groups
}

// joinAnyMMU is join among the groups from first on, whatever their MMU. A
// group with mappings is named for them.
func joinAnyMMU(groups []Group, first int, c result.Case) []Group {
	for i := range groups[first:] {
		if g := &groups[first+i]; Mixed(g.Cases[0], c) == "" {
			g.Cases = append(g.Cases, c)
			if g.MMU == "none" {
				g.MMU = c.MMU
			}
			return groups
		}
	}
	return join(groups, c)
}

func names(engines []result.Engine) []string {
	var list []string
	for _, e := range engines {
		list = append(list, e.Name)
	}
	return list
}

// order ranks names: those planned first, then the others as they appear.
func order[T any](planned []string, items []T, name func(T) string) map[string]int {
	rank := make(map[string]int)
	for _, n := range planned {
		if _, ok := rank[n]; !ok {
			rank[n] = len(rank)
		}
	}
	for _, item := range items {
		if n := name(item); n != "" {
			if _, ok := rank[n]; !ok {
				rank[n] = len(rank)
			}
		}
	}
	return rank
}

// Headline names the class of operations that a workload is judged by: direct
// writes where it has any, else the class that most records have, which is
// one that every engine runs.
func Headline(records []result.Record, workload string) string {
	counts := make(map[string]int)
	for i := range records {
		if records[i].Workload != workload {
			continue
		}
		for class := range records[i].Ops {
			counts[class]++
		}
	}
	if counts["direct-write"] > 0 {
		return "direct-write"
	}
	best := ""
	for _, class := range slices.Sorted(maps.Keys(counts)) {
		if counts[class] > counts[best] {
			best = class
		}
	}
	return best
}

// Label names a group: the workload and the threads, and, where another group
// of the list has the same of both, what sets it apart.
func (g Group) Label(among []Group) string {
	label := fmt.Sprintf("%s, %d %s", g.Workload, g.Threads, plural(g.Threads, "thread"))
	for _, f := range []struct {
		differs func(o Group) bool
		text    string
	}{
		{func(o Group) bool { return o.Block != g.Block }, quantity.Bytes(int64(g.Block)) + " blocks"},
		{func(o Group) bool { return o.Size != g.Size }, "files of " + quantity.Bytes(g.Size)},
		{func(o Group) bool { return o.MMU != g.MMU }, "MMU " + g.MMU},
		{func(o Group) bool { return o.IO != g.IO }, "IO " + g.IO},
	} {
		differs := func(o Group) bool { return o.Workload == g.Workload && o.Threads == g.Threads && f.differs(o) }
		if slices.ContainsFunc(among, differs) {
			label += ", " + f.text
		}
	}
	if g.IODepth != 0 {
		label += fmt.Sprintf(", %d direct requests in flight each", g.IODepth)
	}
	if g.Set != "" {
		label += ", " + g.Set
	}
	return label
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// MostThreads keeps, of groups which differ by threads alone, the one with
// the most.
func MostThreads(groups []Group) []Group {
	var kept []Group
	for _, g := range groups {
		if !slices.ContainsFunc(groups, func(o Group) bool { return o.Threads > g.Threads && g.sameButThreads(o) }) {
			kept = append(kept, g)
		}
	}
	return kept
}

// Equal reports whether two groups of a run are the same one.
func (g Group) Equal(o Group) bool { return g.Threads == o.Threads && g.sameButThreads(o) }

func (g Group) sameButThreads(o Group) bool {
	return g.Workload == o.Workload && g.MMU == o.MMU && g.IO == o.IO && g.Block == o.Block && g.Size == o.Size && g.IODepth == o.IODepth && g.Set == o.Set
}
