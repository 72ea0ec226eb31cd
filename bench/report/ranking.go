package report

import (
	"fmt"
	"strings"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// An Agreement says whether the MMUs of a run agree about its engines, on one
// workload and number of threads.
type Agreement struct {
	Label  string   // "direct-write, 8 threads: soft against userfaultfd"
	Differ bool     // they contradict each other
	Text   string   // the answer
	Lines  []string // what contradicts it, or would with more repetitions
}

// Agreements compares the rankings of the engines between the MMUs of a run;
// none if it has but one.
func Agreements(run *result.Run) []Agreement {
	rankings := compare.Rankings(run)
	var list []Agreement
	for i := range rankings {
		r := &rankings[i]
		a := Agreement{Label: fmt.Sprintf("%s: %s against %s", compare.Group{Workload: r.A.Workload, Threads: r.A.Threads, IODepth: r.A.IODepth, Set: r.A.Set}.Label(nil), r.A.MMU, r.B.MMU)}
		a.Differ, a.Text = !r.Same(), answer(r)
		for _, s := range r.Swaps {
			a.Lines = append(a.Lines, fmt.Sprintf("%s and %s change places: %s", s.First, s.Second, swapText(r, s)))
		}
		for _, v := range r.Verdicts {
			a.Lines = append(a.Lines, "verdict on "+verdictText(r, v))
		}
		for _, v := range r.Unsure {
			a.Lines = append(a.Lines, "too few to tell: "+verdictText(r, v))
		}
		if len(r.Half) > 0 {
			a.Lines = append(a.Lines, "told apart on one MMU only, which is no contradiction: "+pairs(r.Half))
		}
		list = append(list, a)
	}
	return list
}

// answer is the result of a comparison in a sentence.
func answer(r *compare.Ranking) string {
	var parts []string
	switch {
	case len(r.Swaps) > 0:
		parts = append(parts, fmt.Sprintf("THE RANKING DEPENDS ON THE MMU, so none is given by %s/s", r.A.Class))
	case r.Pairs == 0:
		parts = append(parts, "rates are not compared: "+r.Refused)
	default:
		parts = append(parts, fmt.Sprintf("same ranking by %s/s, %d engines", r.A.Class, len(r.Engines)))
	}
	switch {
	case len(r.Verdicts) > 0:
		parts = append(parts, "VERDICTS DEPEND ON THE MMU")
	case len(r.Unsure) > 0:
		parts = append(parts, "verdicts differ by no more than chance")
	default:
		parts = append(parts, "same verdicts")
	}
	return strings.Join(parts, "; ")
}

func pairs(swaps []compare.Swap) string {
	var list []string
	for _, s := range swaps {
		list = append(list, s.First+" and "+s.Second)
	}
	return strings.Join(list, ", ")
}

func swapText(r *compare.Ranking, s compare.Swap) string {
	return fmt.Sprintf("%s/%s is %s on %s, %s on %s", s.First, s.Second, ratio(s.A), r.A.MMU, ratio(s.B), r.B.MMU)
}

func verdictText(r *compare.Ranking, v compare.VerdictChange) string {
	side := func(mmu string, t compare.Tally) string {
		return fmt.Sprintf("%s on %s (%d of %d repetitions, %s exposures)", t.Worst, mmu, t.Events, t.N, quantity.Short(t.Exposures))
	}
	return fmt.Sprintf("%s: %s, %s", v.Engine, side(r.A.MMU, v.A), side(r.B.MMU, v.B))
}

// doubt keeps a section from ranking engines that another MMU ranks otherwise.
func (s *Section) doubt(g compare.Group, rankings []compare.Ranking) {
	for i := range rankings {
		r := &rankings[i]
		if r.Same() || !g.Equal(r.A) && !g.Equal(r.B) {
			continue
		}
		for j := range s.Rows {
			if r.Swapped(s.Rows[j].Engine, base) {
				s.Rows[j].Verdict = "depends on MMU"
			}
		}
		s.Notes = append(s.Notes, fmt.Sprintf("%s and %s do not agree about these engines (see the comparison of MMUs): this says something about the model, not about them", r.A.MMU, r.B.MMU))
	}
}
