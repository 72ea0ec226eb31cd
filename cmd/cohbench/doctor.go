package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/bench"
	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/core/disk"
	"cohbench/core/mmu"
)

// diagnosis is what a machine and a directory offer.
type diagnosis struct {
	Machine result.Env  `json:"machine"`
	Dir     disk.Probe  `json:"dir"`
	MMUs    []mmuAnswer `json:"mmus"`
	Async   []mmuAnswer `json:"async"` // engines that keep several direct requests in flight
	// Stoppers is what can hold direct writes for tests on the kernel.
	Stoppers []mmuAnswer `json:"stoppers"`
	Demo     mmuAnswer   `json:"demo"`
}

// mmuAnswer says whether something, page tables of a kind for instance, can be had.
type mmuAnswer struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Why       string `json:"why,omitempty"` // not
}

func newDoctor() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine offers: kernel, file system, direct IO, cores",
		Long: "doctor says what this machine and a directory offer, and what of it cohbench can use.\n" +
			"It makes small files in the directory and removes them. On the last of them it measures\n" +
			"what page faults and the like cost in the models, beside what they cost in the kernel.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return doctor(c, dir, asJSON) },
	}
	c.Flags().StringVar(&dir, "dir", ".", "directory to probe for direct IO")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func doctor(c *cobra.Command, dir string, asJSON bool) error {
	d, err := examine(dir)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(c.OutOrStdout(), d)
	} else {
		err = errors.Join(d.print(c.OutOrStdout()), printTax(c, d.Machine.Tax))
	}
	if err != nil {
		return err
	}
	return unfit(c, d.Dir)
}

// examine probes the machine and the directory.
func examine(dir string) (diagnosis, error) {
	p, err := disk.ProbeDir(dir)
	if err != nil {
		return diagnosis{}, setupError(err)
	}
	d := diagnosis{result.Collect(dir), p, probeMMUs(), asyncAnswers(), probeStoppers(), probeKernelFaults()}
	if p.Direct == disk.Refused {
		return d, nil
	}
	d.Machine.Tax, err = bench.MeasureTax(dir)
	return d, setupError(err)
}

// printTax prints what the models add, below what there is.
func printTax(c *cobra.Command, tax *result.Tax) error {
	if tax == nil {
		return nil
	}
	fmt.Fprintln(c.OutOrStdout())
	return report.Tax(c.OutOrStdout(), tax, terminalWidth(c.OutOrStdout()))
}

func probeMMUs() []mmuAnswer {
	var answers []mmuAnswer
	for _, k := range mmu.Kinds() {
		a := mmuAnswer{Name: k.String(), Available: true}
		if err := k.Probe(); err != nil {
			a.Available, a.Why = false, err.Error()
		}
		answers = append(answers, a)
	}
	return answers
}

// unfit is an error where a directory is of no use, and a warning where its
// figures would be about something else than direct IO.
func unfit(c *cobra.Command, p disk.Probe) error {
	switch p.Direct {
	case disk.Refused:
		return environment(fmt.Errorf("direct IO in %s: %s", p.Path, p.Why), "name a directory on a file system with O_DIRECT, such as ext4 or xfs, with --dir")
	case disk.Buffered:
		warn(c, "direct IO in %s goes through the page cache (%s): figures from here are labelled, and compare with no others", p.Path, p.Why)
	case disk.Unknown:
		warn(c, "nothing says whether direct IO in %s is direct (%s): figures from here are labelled", p.Path, p.Why)
	}
	return nil
}

// setupError gives an error of core/disk its exit status and its hint.
func setupError(err error) error {
	var s *disk.SetupError
	if errors.As(err, &s) {
		return environment(err, s.Hint)
	}
	return err
}

func (d diagnosis) print(w io.Writer) error {
	m, p := d.Machine, d.Dir
	for _, line := range [][2]string{
		{"kernel", m.Kernel},
		{"go", m.Go + " " + m.OS + "/" + m.Arch},
		{"cpu", m.CPU},
		{"cores", strconv.Itoa(m.Cores) + " (" + m.CPUList + ")"},
		{"numa", m.NUMA},
		{"governor", m.Governor},
		{"memory", m.Memory},
		{"virtual", m.Virtual},
		{"load", m.Load},
		{"directory", p.Path},
		{"file system", p.FSType + " at " + p.MountPoint + " (" + p.Options + ")"},
		{"device", p.Device},
		{"io scheduler", m.Scheduler},
		{"write cache", m.WriteCache},
		{"direct IO", string(p.Direct) + " (" + p.Why + ")"},
		{"alignment", alignText(p)},
		{"page tables", mmuText(d.MMUs)},
		{"async IO", mmuText(d.Async)},
		{"kernel test", kernelTestText(p)},
		{"held writes", mmuText(d.Stoppers)},
		{"demo", demoText(d.Demo, p)},
	} {
		if _, err := fmt.Fprintf(w, "%-13s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}

func mmuText(answers []mmuAnswer) string {
	var have, lack []string
	for _, a := range answers {
		if a.Available {
			have = append(have, a.Name)
		} else {
			lack = append(lack, "; not "+a.Name+" ("+a.Why+")")
		}
	}
	if have == nil {
		have = []string{"none"}
	}
	return strings.Join(have, ", ") + strings.Join(lack, "")
}

// kernelTestText says what engine kernel would test in a directory.
func kernelTestText(p disk.Probe) string {
	switch p.Direct {
	case disk.Direct:
		return "--engine kernel tests " + p.FSType + " here"
	case disk.Unknown:
		return "--engine kernel tests " + p.FSType + " here; whether its direct IO is direct is not known"
	case disk.Buffered:
		return "--engine kernel says nothing about direct IO here: it is buffered"
	}
	return "none: no direct IO"
}

func alignText(p disk.Probe) string {
	if p.Direct == disk.Refused {
		return "none"
	}
	return p.Align.String()
}
