package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/plots"
)

// publish makes a site of runs in the directory site, which must not exist: an
// index, a page that compares, and a folder for each run.
func publish(c *cobra.Command, site string, paths []string) error {
	var runs []report.SiteRun
	for _, path := range paths {
		run, err := openRun(c, path)
		if err != nil {
			return err
		}
		runs = append(runs, report.SiteRun{Name: siteName(run.Dir, runs), Run: run})
	}
	err := os.Mkdir(site, 0o777)
	switch {
	case errors.Is(err, fs.ErrExist):
		return environment(fmt.Errorf("publish to %s: it exists already", site), "name another directory, or remove it first: nothing is overwritten")
	case err != nil:
		return environment(fmt.Errorf("publish: %w", err), "")
	}
	for _, r := range runs {
		if err := publishRun(site, r); err != nil {
			return fmt.Errorf("publish %s: %w", r.Run.Dir, err)
		}
	}
	if err := publishPages(site, runs); err != nil {
		return fmt.Errorf("publish to %s: %w", site, err)
	}
	fmt.Fprintln(c.OutOrStdout(), filepath.Join(site, "index.html"))
	return nil
}

// siteName names a run for its directory, and numbers those of the same name.
func siteName(dir string, others []report.SiteRun) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == '+' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, filepath.Base(dir))
	taken := func(name string) bool {
		return slices.ContainsFunc(others, func(o report.SiteRun) bool { return o.Name == name })
	}
	for n, first := 2, name; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name
}

// publishRun copies the records of a run into its folder, and writes its report
// and plots there. The run's own directory is only read.
func publishRun(site string, r report.SiteRun) error {
	dir := filepath.Join(site, r.Name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for _, name := range []string{"env.json", "results.jsonl", "results.txt"} {
		text, err := os.ReadFile(filepath.Join(r.Run.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // openRun has said so
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o666)
		}
		if err != nil {
			return err
		}
	}
	figures, _ := plots.All(r.Run)
	if err := plots.Write(dir, figures); err != nil {
		return err
	}
	pictures, err := pagePlots(figures)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.HTML(&page, r.Run, pictures); err != nil {
		return err
	}
	return result.WriteReport(dir, page.Bytes())
}

// publishPages writes what stands above the runs.
func publishPages(site string, runs []report.SiteRun) error {
	var sides []plots.Side
	for _, r := range runs {
		sides = append(sides, plots.Side{Name: r.Name, Run: r.Run})
	}
	var figures []*plots.Figure
	if f := plots.Machines(sides); f != nil {
		figures = append(figures, f)
	}
	pictures, err := pagePlots(figures)
	if err != nil {
		return err
	}
	var index, machines bytes.Buffer
	if err := errors.Join(report.Index(&index, runs), report.Machines(&machines, runs, pictures)); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(site, "index.html"), index.Bytes(), 0o666),
		os.WriteFile(filepath.Join(site, "machines.html"), machines.Bytes(), 0o666),
	)
}
