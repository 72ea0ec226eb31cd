package main

import (
	"bytes"
	"errors"
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
	var site, table string
	c := &cobra.Command{
		Use:   "report DIR...",
		Short: "Print the table of a run again, and write its report.html",
		Long: "report prints the table of a run again, draws its plots and writes its report.html.\n\n" +
			"With --publish it makes a site of several runs instead, to compare machines: plain\n" +
			"files, an index, the report and records of each run, and a page that holds side by\n" +
			"side what they have in common. With --matrix it makes one table of runs of the\n" +
			"running kernel on several file systems: what was found on which, in how many rounds.",
		Example: "  cohbench report cohbench-20260314-150926\n" +
			"  cohbench report --publish site laptop server/run-2\n" +
			"  cohbench report --matrix out out/ext4 out/xfs",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case c.Flags().Changed("publish") && c.Flags().Changed("matrix"):
				return usage(errors.New("--publish and --matrix exclude each other"), "")
			case c.Flags().Changed("publish"):
				return publish(c, site, args)
			case c.Flags().Changed("matrix"):
				return matrix(c, table, args)
			}
			for _, arg := range args {
				if err := reportOn(c, arg); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&table, "matrix", "", "directory for matrix.html and its plot, file systems by findings")
	c.Flags().StringVar(&site, "publish", "", "directory for a static site of all the runs named, which must not exist")
	return c
}

// reportOn prints and writes the report of one run.
func reportOn(c *cobra.Command, path string) error {
	run, err := openRun(c, path)
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
	pictures, err := pagePlots(figures)
	if err != nil {
		return missing, err
	}
	var page bytes.Buffer
	if err := report.HTML(&page, run, pictures); err != nil {
		return missing, err
	}
	return missing, result.WriteReport(run.Dir, page.Bytes())
}

// pagePlots is figures as a page takes them.
func pagePlots(figures []*plots.Figure) ([]report.Plot, error) {
	var pictures []report.Plot
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			return nil, fmt.Errorf("plot %s: %w", f.Name, err)
		}
		pictures = append(pictures, report.Plot{Name: f.Name, Title: f.Title, SVG: svg, Groups: f.Groups()})
	}
	return pictures, nil
}
