package disk

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cohbench/core/sched"
)

// loopDevice makes a block device out of a file, until the test ends.
func loopDevice(t *testing.T, size int64) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("loop devices want root")
	}
	image := filepath.Join(t.TempDir(), "image")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, size)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", image).CombinedOutput()
	if err != nil {
		t.Skipf("no loop device: losetup: %v: %s", err, out)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", device).CombinedOutput(); err != nil {
			t.Errorf("losetup --detach %s: %v: %s", device, err, out)
		}
	})
	return device
}

func TestDeviceIsRefused(t *testing.T) {
	device := loopDevice(t, 1<<20)
	refused := func(path string, force Force, want string) {
		t.Helper()
		f, err := OpenDevice(path, force)
		if f != nil {
			f.Close()
		}
		var s *SetupError
		if !errors.As(err, &s) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, force %q: %v, want %q", path, force, err, want)
		}
	}
	refused(device, ForceNothing, "overwritten")
	refused(os.DevNull, ForceBlank, "not a block device")
	refused(t.TempDir(), ForceBlank, "not a block device")
	refused(device+"000", ForceBlank, "no such file")
	refused(device, "ext4", "no ext4 was found")

	held, err := os.OpenFile(device, os.O_RDWR|os.O_EXCL, 0)
	if err != nil {
		t.Fatal(err)
	}
	refused(device, ForceBlank, "in use")
	if _, err := held.WriteAt([]byte("XFSB"), 0); err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	refused(device, ForceBlank, "there is xfs on it")
}

func TestDeviceIsClaimedAndWritten(t *testing.T) {
	const size = 1 << 20
	device := loopDevice(t, size)
	f, err := OpenDevice(device, ForceBlank)
	if err != nil {
		t.Fatal(err)
	}
	if f.Size() != size || f.Probe().FSType != deviceType || f.Probe().Direct != Direct {
		t.Errorf("%d bytes, %v", f.Size(), f.Probe())
	}
	if other, err := os.OpenFile(device, os.O_RDWR|os.O_EXCL, 0); err == nil {
		other.Close()
		t.Error("somebody else may claim it, too")
	}
	th := sched.NewGroup().Thread("main")
	want, got := bytes.Repeat([]byte("x"), 4096), Block(4096)
	copy(got, want)
	if _, err := f.WriteAt(th, got, size-4096); err != nil {
		t.Error(err)
	}
	clear(got)
	if err := f.ReadAt(th, got, size-4096); err != nil || !bytes.Equal(got, want) {
		t.Errorf("what was written does not come back: %v", err)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(device); err != nil {
		t.Errorf("the device is gone: %v", err)
	}
}
