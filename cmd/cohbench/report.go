package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cohbench/bench/report"
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
			missing, err := writeReport(run)
			if err != nil {
				return err
			}
			warnMissing(c, missing)
			fmt.Fprintf(c.ErrOrStderr(), "the report is in %s\n", filepath.Join(run.Dir, "report.html"))
			return nil
		},
	}
}

// printTable prints the results as text, as wide as the terminal is.
func printTable(c *cobra.Command, run *result.Run) error {
	return report.Text(c.OutOrStdout(), run, terminalWidth(c.OutOrStdout()))
}

// terminalWidth is 0, any width, for what is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// writeReport draws the plots of a run and writes its report.html. It returns
// which pictures there are not, and why.
func writeReport(run *result.Run) (missing []string, err error) {
	figures, missing := plots.All(run)
	if err := plots.Write(run.Dir, figures); err != nil {
		return missing, err
	}
	var pictures []report.Plot
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			return missing, fmt.Errorf("plot %s: %w", f.Name, err)
		}
		pictures = append(pictures, report.Plot{Name: f.Name, Title: f.Title, SVG: svg, Groups: f.Groups()})
	}
	var page bytes.Buffer
	if err := report.HTML(&page, run, pictures); err != nil {
		return missing, err
	}
	return missing, result.WriteReport(run.Dir, page.Bytes())
}
