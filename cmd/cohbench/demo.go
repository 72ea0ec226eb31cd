package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cohbench/core/disk"
	"cohbench/core/mmu"
)

func newDemo() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show a mechanism at work, step by step",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	recursion := newDemoRecursion()
	recursion.Args = usageArgs(recursion.Args)
	c.AddCommand(recursion)
	return c
}

func newDemoRecursion() *cobra.Command {
	var o recursionOptions
	c := &cobra.Command{
		Use:   "recursion",
		Short: "Show a direct write that faults on its own file, in the running kernel",
		Long: "recursion shows why a direct write says in its task which file it holds blocked:\n" +
			"direct write -> get_user_pages -> page fault -> the same lock.\n\n" +
			"The write is the kernel's own, with O_DIRECT, to a file that the demo makes and\n" +
			"removes; its buffer is a mapping of that file's page cache, whose faults arrive\n" +
			"by userfaultfd. The handler finds the task of the thread that faulted, refuses\n" +
			"the fault, the write fails with EFAULT, and the locks are cycled for a retry.\n\n" +
			"It needs userfaultfd for faults of the kernel: root, CAP_SYS_PTRACE, access to\n" +
			"/dev/userfaultfd or vm.unprivileged_userfaultfd=1; and Linux 6.6.",
		Example: "  cohbench demo recursion\n  cohbench demo recursion --without-context",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return demoRecursion(c, o) },
	}
	c.Flags().StringVar(&o.dir, "dir", ".", "directory for the data file")
	c.Flags().BoolVar(&o.withoutContext, "without-context", false, "let the handler ignore the task: the write deadlocks with itself")
	c.Flags().DurationVar(&o.limit, "limit", 10*time.Second, "end the demo with an error if it is not done after this time")
	return c
}

// recursionOptions is the command line of demo recursion.
type recursionOptions struct {
	dir            string
	withoutContext bool
	limit          time.Duration
}

// kernelFaults is the userfaultfd that the demo needs.
var kernelFaults = mmu.UserfaultfdConfig{KernelFaults: true, Refusals: true}

const (
	kernelFaultsHint = "run it as root, or let root 'setcap cap_sys_ptrace+ep' the binary, or set vm.unprivileged_userfaultfd=1, on Linux 6.6 or later; 'cohbench doctor' says what is there"
	directHint       = "name a directory on a file system with direct IO, such as ext4 or xfs, with --dir"
)

// demoRecursion checks that the demo can be given, and gives it.
func demoRecursion(c *cobra.Command, o recursionOptions) error {
	if o.limit <= 0 {
		return usage(fmt.Errorf("--limit %s: want more than nothing", o.limit), "")
	}
	if err := mmu.ProbeUserfaultfd(kernelFaults); err != nil {
		return environment(fmt.Errorf("demo recursion: tried userfaultfd(2): %w", err), kernelFaultsHint)
	}
	p, err := disk.ProbeDir(o.dir)
	if err != nil {
		return setupError(err)
	}
	if p.Direct == disk.Refused || p.Direct == disk.Buffered {
		why := fmt.Errorf("demo recursion: direct IO in %s is %s (%s): the kernel would not pin the buffer", p.Path, p.Direct, p.Why)
		return environment(why, directHint)
	}
	r, err := newRecursion(o.dir, o.withoutContext, newTrace(c.OutOrStdout()))
	if err != nil {
		return setupError(err)
	}
	fmt.Fprintf(c.OutOrStdout(), "%s\n", r)
	err = r.guard(c.Context(), o.limit)
	return errors.Join(err, r.trace.err)
}

var errWatchdog = errors.New("the watchdog ended it")

// cancelGrace is how long what was cancelled may take to unwind.
const cancelGrace = 5 * time.Second

// guard runs the demo in a goroutine of its own, and looks for deadlocks. What
// is not done after limit is cancelled; what cannot be cancelled is left to
// the end of the process, which the kernel lets no thread survive.
func (r *recursion) guard(ctx context.Context, limit time.Duration) error {
	done, start := make(chan error, 1), time.Now()
	go func() { done <- r.run() }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	patience, grace := time.After(limit), (<-chan time.Time)(nil)
	interrupted := ctx.Done()
	for {
		select {
		case err := <-done:
			return r.conclude(err)
		case <-look.C:
			if time.Since(start) < limit { // else the case below is due
				r.watch()
			}
		case <-interrupted:
			interrupted = nil
			r.group.Cancel(context.Cause(ctx))
		case <-patience:
			r.group.Cancel(errWatchdog)
			grace = time.After(cancelGrace)
		case <-grace:
			err := fmt.Errorf("demo recursion: not done after %s, and not to be cancelled: %w", limit+cancelGrace, errWatchdog)
			return &exitError{statusBroken, errors.Join(err, r.disk.Remove()), "the kernel thread in the write ends with this process"}
		}
	}
}

// conclude gives what came of the demo its exit status.
func (r *recursion) conclude(err error) error {
	switch cause := r.group.Err(); {
	case errors.Is(cause, context.Canceled):
		return &exitError{statusInterrupted, errors.New("interrupted"), ""}
	case errors.Is(cause, errWatchdog):
		return &exitError{statusBroken, errors.Join(fmt.Errorf("demo recursion: not done in time: %w", errWatchdog), err), "--limit gives it more"}
	case err != nil:
		return &exitError{statusBroken, fmt.Errorf("demo recursion: %w", err), ""}
	}
	return nil
}

// probeKernelFaults says for doctor whether the demo could run, but for the
// directory.
func probeKernelFaults() mmuAnswer {
	a := mmuAnswer{Name: "userfaultfd for faults of the kernel", Available: true}
	if err := mmu.ProbeUserfaultfd(kernelFaults); err != nil {
		a.Available, a.Why = false, err.Error()
	}
	return a
}

// demoText is that as a line, with what the directory has to say.
func demoText(a mmuAnswer, p disk.Probe) string {
	switch {
	case !a.Available:
		return "'demo recursion' cannot run (" + a.Why + ")"
	case p.Direct == disk.Refused || p.Direct == disk.Buffered:
		return "'demo recursion' cannot run here (direct IO is " + string(p.Direct) + ")"
	}
	return "'demo recursion' can run here"
}
