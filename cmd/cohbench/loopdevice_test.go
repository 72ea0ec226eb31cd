package main

import (
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// loopDevices is the condition [loopdevice] of scripts.
func loopDevices() bool {
	return os.Getuid() == 0 && exec.Command("losetup", "--find").Run() == nil
}

// loopdevice makes a block device of 4 MiB, named by $DEVICE, until the script
// ends.
func loopdevice(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: loopdevice")
	}
	image := ts.MkAbs("device.img")
	ts.Check(os.WriteFile(image, nil, 0o600))
	ts.Check(os.Truncate(image, 4<<20))
	out, err := exec.Command("losetup", "--find", "--show", image).Output()
	ts.Check(err)
	device := strings.TrimSpace(string(out))
	ts.Defer(func() {
		if err := exec.Command("losetup", "--detach", device).Run(); err != nil {
			ts.Logf("losetup --detach %s: %v", device, err)
		}
	})
	ts.Setenv("DEVICE", device)
}
