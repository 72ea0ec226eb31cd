package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"cohbench/fuzz/mutants"
)

const layout = "%-34s %-8s %-20s %-28s %10v %8v %4v\n"

// line is printed as soon as it is known, on stderr, for who waits.
func (c *config) line(m *mutants.Mutant, o *outcome) {
	fmt.Fprintf(os.Stderr, layout, m.Name, o.By, o.Engine, clip(o.Kind), o.Runs, fmt.Sprintf("%.1f", o.seconds), o.Ops)
}

func clip(s string) string {
	if len(s) > 28 {
		return s[:28]
	}
	return s
}

// report prints the table, and fails if a mutant of the catalogue is not
// caught.
func (c *config) report(list []mutants.Mutant, found []*outcome) error {
	fmt.Printf(layout, "mutant", "by", "engine", "kind", "executions", "seconds", "ops")
	caught, small := 0, 0
	var seconds []float64
	for i, o := range found {
		m := &list[i]
		fmt.Printf(layout, m.Name, o.By, o.Engine, clip(o.Kind), o.Runs, fmt.Sprintf("%.1f", o.seconds), o.Ops)
		if c.witnesses && o.Witness != "" {
			fmt.Printf("    %s: %s\n    %s\n", m.Where(), m.Bug, strings.ReplaceAll(strings.TrimSpace(o.Witness), "\n", "\n    "))
		}
		if o.By == "none" {
			continue
		}
		caught++
		seconds = append(seconds, o.seconds)
		if o.Ops <= 4 {
			small++
		}
	}
	c.survivors(list, found)
	if caught > 0 {
		slices.Sort(seconds)
		fmt.Printf("median %.1f s, longest %.1f s; %d of %d witnesses have at most 4 operations\n",
			seconds[len(seconds)/2], seconds[len(seconds)-1], small, caught)
	}
	fmt.Printf("%d of %d caught\n", caught, len(list))
	if caught < len(list) && !c.mechanical {
		return fmt.Errorf("%d mutants were not caught", len(list)-caught)
	}
	return nil
}

// survivors lists what was not caught.
func (c *config) survivors(list []mutants.Mutant, found []*outcome) {
	for i, o := range found {
		if o.By == "none" {
			fmt.Printf("not caught: %s: %s (%s)\n", list[i].Name, list[i].Bug, list[i].Where())
		}
	}
}
