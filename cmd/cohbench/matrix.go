package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/bench/compare"
	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/plots"
)

// matrix prints what runs on several file systems found as one table, and
// writes it with a plot to the directory out. A row is named for its directory, up
// to a dot: ext4 and ext4.huge are one. A control that shows something is the
// status of a broken claim.
func matrix(c *cobra.Command, out string, paths []string) error {
	var names []string
	var runs []*result.Run
	for _, path := range paths {
		run, err := openRun(c, path)
		if err != nil {
			return err
		}
		if !compare.HasKernel(run) {
			return environment(fmt.Errorf("--matrix: %s has models only, which say nothing about a file system", path), "name runs made with --engine kernel")
		}
		runs = append(runs, run)
		name, _, _ := strings.Cut(filepath.Base(run.Dir), ".")
		names = append(names, name)
	}
	m := compare.NewMatrix(names, runs)
	env := &runs[0].Env
	if err := report.MatrixText(c.OutOrStdout(), &m, env, terminalWidth(c.OutOrStdout())); err != nil {
		return err
	}
	if err := writeMatrix(out, &m, env); err != nil {
		return environment(fmt.Errorf("write the matrix to %s: %w", out, err), "")
	}
	if alarms := m.Alarms(); alarms != nil {
		return &exitError{statusBroken, fmt.Errorf("a control showed something on %s", strings.Join(alarms, ", ")),
			"nothing else in the table can be believed before that is understood"}
	}
	return nil
}

// writeMatrix writes matrix.html and the plot.
func writeMatrix(out string, m *compare.Matrix, env *result.Env) error {
	figures := []*plots.Figure{plots.Matrix(m)}
	pictures, err := pagePlots(figures)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.MatrixHTML(&page, m, env, pictures); err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(out, 0o777),
		plots.Write(out, figures),
		os.WriteFile(filepath.Join(out, "matrix.html"), page.Bytes(), 0o666),
	)
}
