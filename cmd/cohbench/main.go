// Command cohbench measures what keeps direct IO and the page cache coherent:
// throughput and staleness of several locks, side by side.
//
// Results go to stdout; progress and diagnostics, as lines that begin with
// error:, warning: or hint:, go to stderr. The exit status is
//
//	0    clean
//	1    an engine broke what it claims, or a change is too much (compare --fail-if)
//	2    the command line is wrong
//	3    the environment lacks what was asked for
//	130  interrupted; what was measured until then is kept
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	statusClean       = 0
	statusBroken      = 1
	statusUsage       = 2
	statusEnvironment = 3
	statusInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	// A reader of stdout that goes away must not leave data files behind.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return diagnose(stderr, root.ExecuteContext(ctx))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cohbench",
		Short: "Measure how page-cache locks keep direct IO coherent, and at what price",
		Long: "cohbench measures what keeps direct IO and the page cache coherent: throughput and\n" +
			"staleness of several locks, side by side, on the same workloads.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(err, "see '"+c.CommandPath()+" --help'")
	})
	for _, c := range []*cobra.Command{newRun(), newCompare(), newReport(), newPlot(), newList(), newDoctor(), newDemo(),
		newLitmus(), newExplore(), newFuzz(), newReplay(), newRepro(), newHelpCoh()} {
		c.Args = usageArgs(c.Args)
		root.AddCommand(c)
	}
	root.Args = usageArgs(root.Args)
	return root
}

// usageArgs makes the errors of a check of arguments errors of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage(err, "see '"+c.CommandPath()+" --help'")
		}
		return nil
	}
}

// exitError is an error that decides the exit status. With err nil everything
// has been said already.
type exitError struct {
	status int
	err    error
	hint   string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is an error of the command line.
func usage(err error, hint string) error { return &exitError{statusUsage, err, hint} }

// environment is an error of the machine, or of the files named.
func environment(err error, hint string) error { return &exitError{statusEnvironment, err, hint} }

// diagnose prints an error and returns the status for it.
func diagnose(stderr io.Writer, err error) int {
	if err == nil {
		return statusClean
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{status: statusEnvironment, err: err}
	}
	if errors.Is(err, syscall.EPIPE) {
		return e.status
	}
	if e.err != nil {
		fmt.Fprintf(stderr, "error: %v\n", err)
	}
	if e.hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", e.hint)
	}
	return e.status
}

// warn prints a warning.
func warn(c *cobra.Command, format string, args ...any) {
	fmt.Fprintf(c.ErrOrStderr(), "warning: "+format+"\n", args...)
}
