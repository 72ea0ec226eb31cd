package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"cohbench/bench/result/resulttest"
	"cohbench/core/fusemem"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cohbench": main})
}

// TestScripts runs testdata/script/*.txtar, which are named for what they show.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "madeup": madeup, "loopdevice": loopdevice},
		Condition:           condition,
	})
}

// condition is what scripts may ask of the machine.
func condition(name string) (bool, error) {
	switch name {
	case "kernelfaults":
		return recursionRuns(), nil
	case "fuse":
		return fusemem.Probe() == nil, nil
	case "loopdevice":
		return loopDevices(), nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// exits runs a command and checks its exit status: exits 2 cohbench run ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Check(err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// madeup writes a run that nobody has measured: madeup DIR SEED REPETITIONS.
func madeup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: madeup DIR SEED REPETITIONS")
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	ts.Check(err)
	reps, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(resulttest.Make(ts.MkAbs(args[0]), seed, reps, []int{8}))
}
