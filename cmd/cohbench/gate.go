package main

import (
	"fmt"
	"io"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
)

// A gate is a rule and what it found.
type gate struct {
	text     string
	rule     compare.Rule
	findings []compare.Finding
	where    map[*compare.Match]string
}

// judge applies the rules. One that speaks of nothing is a mistake: it would
// let everything through.
func (o *compareOptions) judge(matches []compare.Match) ([]gate, error) {
	where := map[*compare.Match]string{}
	for i, label := range compare.Labels(matches) {
		where[&matches[i]] = sides(&matches[i], label)
	}
	var gates []gate
	for i, r := range o.rules {
		g := gate{o.failIf[i], r, r.Apply(matches), where}
		if len(g.findings) == 0 {
			return nil, usage(fmt.Errorf("--fail-if %q: there is no such figure in what is compared", g.text), "mind the names of workload and class; stale and lost need somebody who is exposed")
		}
		gates = append(gates, g)
	}
	return gates, nil
}

// printGates prints a line for every finding.
func printGates(out io.Writer, gates []gate) {
	for _, g := range gates {
		for _, f := range g.findings {
			fmt.Fprintf(out, "%s: %s: %s, %s: %s\n", outcome(f), g.text, g.where[f.Match], f.Metric, says(g.rule, f))
		}
	}
}

func outcome(f compare.Finding) string {
	switch {
	case f.Failed:
		return "FAIL"
	case f.Open != "":
		return "cannot tell"
	case !f.Sure:
		return "not shown"
	}
	return "pass"
}

// sides names a match in a line.
func sides(m *compare.Match, label string) string {
	if m.Paired {
		return fmt.Sprintf("%s, %s against %s", label, m.New.Engine, m.Base.Engine)
	}
	return fmt.Sprintf("%s, %s against %s", label, m.New, m.Base)
}

// says is what the rule looked at.
func says(r compare.Rule, f compare.Finding) string {
	switch {
	case f.Open != "":
		return f.Open
	case r.Change:
		return fmt.Sprintf("the change is between %+.1f %% and %+.1f %%", 100*f.Lo, 100*f.Hi)
	case r.Metric == "stale" || r.Metric == "lost":
		return fmt.Sprintf("between %s and %s per exposure", quantity.Scientific(f.Lo), quantity.Scientific(f.Hi))
	case r.Timed():
		return fmt.Sprintf("between %s and %s", quantity.Duration(f.Lo), quantity.Duration(f.Hi))
	}
	return fmt.Sprintf("between %s and %s", quantity.SI(f.Lo), quantity.SI(f.Hi))
}

// gateStatus is the outcome of all rules as an error. What failed outweighs
// what cannot be told.
func gateStatus(gates []gate) error {
	failed, open, why := 0, 0, ""
	for _, g := range gates {
		for _, f := range g.findings {
			switch {
			case f.Failed:
				failed++
			case f.Open != "":
				open++
				why = f.Open
			}
		}
	}
	switch {
	case failed > 0:
		return &exitError{statusBroken, fmt.Errorf("%d %s by the rules of --fail-if", failed, map[bool]string{true: "figure fails", false: "figures fail"}[failed == 1]), ""}
	case open > 0:
		return environment(fmt.Errorf("--fail-if cannot tell: %s", why), "measure more repetitions, or leave out what does not end well or does not compare")
	}
	return nil
}
