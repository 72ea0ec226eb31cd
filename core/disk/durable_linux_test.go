package disk

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cohbench/core/sched"
)

// A durable view writes to the same file, through a descriptor that the kernel
// knows to be O_DSYNC and O_DIRECT; Close closes that, too.
func TestDurable(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "durable.dat"), 8192)
	if err != nil {
		t.Skip(err)
	}
	defer f.Remove()
	d, err := f.Durable()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.Durable(); err != nil || again != d {
		t.Errorf("asked again: %v, another view %v", err, again != d)
	}
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(int(f.dsync.Fd())))
	if err != nil {
		t.Skip(err)
	}
	_, text, _ := strings.Cut(string(info), "flags:")
	flags, err := strconv.ParseInt(strings.Fields(text)[0], 8, 64)
	if err != nil || flags&unix.O_DSYNC == 0 || flags&unix.O_DIRECT == 0 {
		t.Errorf("flags %#o, %v", flags, err)
	}
	th := sched.NewGroup().Thread("test")
	p := Block(4096)
	p[7] = 42
	if n, err := d.WriteAt(th, p, 8192); n != 4096 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	q := Block(4096)
	if err := f.ReadAt(th, q, 8192); err != nil || q[7] != 42 || f.Size() != 12288 {
		t.Errorf("read back %d (%v); size %d", q[7], err, f.Size())
	}
	if _, err := d.WriteAt(th, p[:100], 0); err == nil {
		t.Error("a write off alignment was taken")
	}
}
