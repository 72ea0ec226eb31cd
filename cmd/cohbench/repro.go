package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/core"
	"cohbench/fuzz/prog"
	"cohbench/fuzz/repro"
	"cohbench/fuzz/shoot"
)

type reproOptions struct {
	engine  string
	output  string
	fstests string
	force   bool
}

func newRepro() *cobra.Command {
	var o reproOptions
	c := &cobra.Command{
		Use:   "repro TEST",
		Short: "Write a finding as a stand-alone C program, for a real kernel",
		Long: "repro writes a test as one C file that needs nothing but libc. It looks on the model for an\n" +
			"order of the operations in which one direct IO, stopped by its own buffer, shows what the\n" +
			"test is about; the C program plays that order with userfaultfd(2), and so shows it on its\n" +
			"first run where the kernel has the window. Where no order shows it, the program lets the\n" +
			"tasks race. TEST is a .coh file or the name of a built-in test.",
		Example: "  cohbench repro lost-update -o lost-update.c\n  cc lost-update.c -lpthread -o lost-update && ./lost-update /mnt/file\n" +
			"  cohbench repro lost-update --fstests ~/xfstests",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args[0]) },
	}
	c.Flags().StringVar(&o.engine, "engine", "", "the policy on which to look for the order (default that of the file, or double-invalidate)")
	c.Flags().StringVarP(&o.output, "output", "o", "", "write the C program to this file (default stdout)")
	c.Flags().StringVar(&o.fstests, "fstests", "", "write it as a draft of a test into this tree: src/ and tests/generic/")
	c.Flags().BoolVar(&o.force, "force", false, "overwrite files that are there")
	c.MarkFlagsMutuallyExclusive("output", "fstests")
	return c
}

func (o *reproOptions) run(c *cobra.Command, name string) error {
	p, model, err := o.prepare(name)
	if err != nil {
		return err
	}
	order, err := repro.Find(p, model)
	switch {
	case errors.Is(err, repro.ErrNone):
		warn(c, "%v: the tasks will race, and a run may show nothing", err)
	case err != nil:
		return usage(err, "")
	}
	if o.fstests != "" {
		return o.draft(c, p, order)
	}
	title := p.Name
	if o.output != "" {
		title = strings.TrimSuffix(filepath.Base(o.output), ".c")
	}
	return o.write(c.OutOrStdout(), o.output, 0o666, func(w io.Writer) error { return repro.WriteC(w, title, p, order) })
}

// prepare reads the test and finds the engine.
func (o *reproOptions) prepare(name string) (*prog.Program, *core.Model, error) {
	tests, err := chooseTests([]string{name})
	if err != nil {
		return nil, nil, err
	}
	if len(tests) != 1 {
		return nil, nil, usage(fmt.Errorf("test %q stands for %d tests: repro takes one", name, len(tests)), "")
	}
	p := tests[0]
	if err := shoot.Fits(p); err != nil {
		return nil, nil, usage(fmt.Errorf("repro %s: it says nothing about a kernel: %w", p.Name, err), "")
	}
	engine := o.engine
	if engine == "" && (p.Engine == "" || p.Engine == "kernel") {
		engine = "double-invalidate" // what the VFS does
	}
	model, err := theModel(engine, p)
	return p, model, err
}

// draft writes the files of a test for xfstests.
func (o *reproOptions) draft(c *cobra.Command, p *prog.Program, order *repro.Order) error {
	name := "dio-" + p.Name
	for _, f := range []struct {
		path string
		mode os.FileMode
		text func(io.Writer) error
	}{
		{filepath.Join("src", name+".c"), 0o666, func(w io.Writer) error { return repro.WriteC(w, name, p, order) }},
		{filepath.Join("tests/generic", name), 0o777, func(w io.Writer) error { return repro.WriteTest(w, name, p) }},
		{filepath.Join("tests/generic", name+".out"), 0o666, func(w io.Writer) error { return repro.WriteExpected(w, name) }},
	} {
		path := filepath.Join(o.fstests, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return environment(fmt.Errorf("write a draft: %w", err), "")
		}
		if err := o.write(nil, path, f.mode, f.text); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), path)
	}
	fmt.Fprintf(c.ErrOrStderr(), "hint: add %s to LINUX_TARGETS in src/Makefile, and rename the test to the number that ./new gives\n", name)
	return nil
}

// write writes a new file, or to w if it has no name.
func (o *reproOptions) write(w io.Writer, path string, mode os.FileMode, text func(io.Writer) error) error {
	var b strings.Builder
	if err := text(&b); err != nil {
		return usage(err, "")
	}
	if path == "" {
		_, err := io.WriteString(w, b.String())
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	hint := ""
	if !o.force {
		flags, hint = flags|os.O_EXCL, "--force overwrites it"
	}
	f, err := os.OpenFile(path, flags, mode)
	if err != nil {
		return environment(fmt.Errorf("write a reproducer: %w", err), hint)
	}
	_, err = io.WriteString(f, b.String())
	if err = errors.Join(err, f.Close()); err != nil {
		return environment(fmt.Errorf("write a reproducer: %w", err), "")
	}
	return nil
}
