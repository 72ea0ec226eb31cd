package disk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRecognise(t *testing.T) {
	for _, s := range signatures {
		p := make([]byte, 128<<10)
		copy(p[s.off:], s.magic)
		if got, err := recognise(bytes.NewReader(p)); err != nil || got != s.name {
			t.Errorf("%s at %d: %q, %v", s.name, s.off, got, err)
		}
	}
	for _, blank := range [][]byte{nil, make([]byte, 512), bytes.Repeat([]byte{0xff}, 128<<10)} {
		if got, err := recognise(bytes.NewReader(blank)); err != nil || got != "" {
			t.Errorf("%d blank bytes: %q, %v", len(blank), got, err)
		}
	}
}

// A made-up /sys and /proc: sda with a mounted sda1 and an sda2 in an array;
// sdb swapped to; sdc of nobody.
func TestUsersOf(t *testing.T) {
	root := t.TempDir()
	file := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for dir, number := range map[string]string{"sda": "8:0", "sda/sda1": "8:1", "sda/sda2": "8:2", "sdb": "8:16", "sdc": "8:32"} {
		file("sys/devices/"+dir+"/dev", number+"\n")
		if strings.Contains(dir, "/") {
			file("sys/devices/"+dir+"/partition", "1\n")
		}
		file("sys/class/block/.keep", "")
		link := filepath.Join(root, "sys/class/block", filepath.Base(dir))
		if err := os.Symlink(filepath.Join(root, "sys/devices", dir), link); err != nil {
			t.Fatal(err)
		}
	}
	file("sys/devices/sda/sda2/holders/md0/dev", "9:0\n")
	file("proc/self/mountinfo", "22 1 8:1 / /mnt/a\\040b rw - ext4 /dev/sda1 rw\n")
	file("proc/swaps", "Filename Type\n/dev/sdb partition 1 0 -2\n")
	for _, c := range []struct{ device, want string }{
		{"/dev/sda", "sda1 is mounted on /mnt/a b; sda2 is part of md0"},
		{"/dev/sda1", "sda1 is mounted on /mnt/a b"},
		{"/dev/sdb", "sdb is swapped to"},
		{"/dev/sdc", "another namespace"},
	} {
		if got := usersText(usersOf(root, c.device)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.device, got, c.want)
		}
	}
}

// A device that is mounted is refused as such, whatever else keeps us from it:
// the right to it, as a rule.
func TestMountedDeviceIsInUse(t *testing.T) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Skip(err)
	}
	m, ok := mountOf(parseMountinfo(string(text)), "/")
	if st, err := os.Stat(m.source); !ok || err != nil || !isBlock(st.Mode()) {
		t.Skip("/ is not on a block device that can be named")
	}
	_, err = OpenDevice(m.source, ForceBlank)
	var s *SetupError
	if !errors.As(err, &s) || !strings.Contains(err.Error(), "it is in use: ") || !strings.Contains(err.Error(), "is mounted on /") || strings.Contains(s.Hint, "directory") {
		t.Errorf("%v; hint %+v", err, s)
	}
}
