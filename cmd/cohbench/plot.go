package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cohbench/bench/result"
	"cohbench/plots"
)

func newPlot() *cobra.Command {
	return &cobra.Command{
		Use:   "plot DIR",
		Short: "Draw the plots of a run again, as SVG, PNG and PDF",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			run, err := openRun(c, args[0])
			if err != nil {
				return err
			}
			figures, missing := plots.All(run)
			warnMissing(c, missing)
			if err := plots.Write(run.Dir, figures); err != nil {
				return err
			}
			for _, f := range figures {
				for _, ext := range []string{"svg", "png", "pdf"} {
					fmt.Fprintf(c.OutOrStdout(), "%s/plots/%s.%s\n", run.Dir, f.Name, ext)
				}
			}
			return nil
		},
	}
}

// openRun reads a run directory and says what of it cannot be used.
func openRun(c *cobra.Command, path string) (*result.Run, error) {
	run, err := result.Open(path)
	if run != nil {
		for _, p := range run.Problems {
			warn(c, "%s", p)
		}
	}
	if err != nil {
		return nil, environment(err, "name the directory that 'cohbench run' has made")
	}
	return run, nil
}

// warnMissing says which pictures there are not.
func warnMissing(c *cobra.Command, missing []string) {
	for _, m := range missing {
		warn(c, "no plot: %s", m)
	}
}
