package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// directDir is a directory for files, or the test is skipped with the reason.
func directDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p, err := ProbeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.Direct == Refused {
		t.Skipf("no direct IO to test in %s: %s", dir, p.Why)
	}
	return dir
}

// create makes a file that goes away with the test.
func create(t *testing.T, path string, size int64) *File {
	t.Helper()
	f, err := Create(path, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Remove() })
	return f
}

func TestFileConforms(t *testing.T) {
	f := create(t, filepath.Join(directDir(t), "f"), testSize)
	t.Log(f.Probe())
	conform(t, f, seeded(t))
}

func TestFileIsPreallocated(t *testing.T) {
	f := create(t, filepath.Join(directDir(t), "f"), testSize)
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		t.Fatal(err)
	}
	if got := st.Blocks * 512; got < testSize {
		t.Errorf("%d bytes reserved, want %d", got, testSize)
	}
}

// TestPreallocateByWriting is for file systems without fallocate.
func TestPreallocateByWriting(t *testing.T) {
	f := create(t, filepath.Join(directDir(t), "f"), 0)
	const size = 1<<20 + 4096 + 1
	none := func(int, int64) error { return unix.EOPNOTSUPP }
	if err := f.preallocate(size, none); err != nil {
		t.Fatal(err)
	}
	st, err := f.os.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if blocks := st.Sys().(*syscall.Stat_t).Blocks * 512; st.Size() != size || blocks < size {
		t.Errorf("size %d with %d bytes reserved, want %d", st.Size(), blocks, size)
	}
}

func TestMisalignedMemory(t *testing.T) {
	f := create(t, filepath.Join(directDir(t), "f"), testSize)
	if f.Align().Mem < 2 {
		t.Skipf("any address will do here: %v", f.Probe())
	}
	p := Block(8192)[1:4097]
	if err := f.ReadAt(thread(), p, 0); !errors.Is(err, ErrAlign) {
		t.Errorf("read into an odd address: %v, want ErrAlign", err)
	}
	if _, err := f.WriteAt(thread(), p, 0); !errors.Is(err, ErrAlign) {
		t.Errorf("write from an odd address: %v, want ErrAlign", err)
	}
}

// TestStatxAlignIsEnough does IO at exactly the alignment the kernel names.
func TestStatxAlignIsEnough(t *testing.T) {
	f := create(t, filepath.Join(directDir(t), "f"), testSize)
	a := f.Align()
	if a.Source != "statx" {
		t.Skipf("statx does not say the alignment here: %v", f.Probe())
	}
	p := Block(8192)[a.Mem:][:a.Offset]
	if _, err := f.WriteAt(thread(), p, int64(a.Offset)); err != nil {
		t.Error(err)
	}
	if err := f.ReadAt(thread(), p, int64(a.Offset)); err != nil {
		t.Error(err)
	}
}

func TestExistingFileIsRefused(t *testing.T) {
	path := filepath.Join(directDir(t), "f")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Create(path, testSize)
	wantSetup(t, err, "create data file "+path+": file exists", "never written to")
	if got, _ := os.ReadFile(path); string(got) != "precious" {
		t.Errorf("the file is now %q", got)
	}
}

func TestMissingDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "f")
	_, err := Create(path, testSize)
	wantSetup(t, err, "create data file "+path+": no such file or directory", "make the directory")
	_, err = ProbeDir(filepath.Dir(path))
	wantSetup(t, err, "probe direct IO in "+filepath.Dir(path)+": no such file or directory", "make the directory")
}

func TestTmpfsIsBuffered(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "cohbench-test-*")
	if err != nil {
		t.Skipf("no /dev/shm: %v", err)
	}
	defer os.RemoveAll(dir)
	p, err := ProbeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.FSType != "tmpfs" {
		t.Skipf("/dev/shm is %s", p.FSType)
	}
	// Before Linux 6.6 tmpfs refused O_DIRECT.
	if p.Direct != Buffered && p.Direct != Refused {
		t.Errorf("O_DIRECT on tmpfs is %s (%s), want buffered", p.Direct, p.Why)
	}
	wantEmpty(t, dir)
}

func TestRefusedDirectory(t *testing.T) {
	dir := mountTest(t, "ramfs", 0, "")
	p, err := ProbeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.Direct != Refused || !strings.Contains(p.Why, "ramfs") {
		t.Errorf("O_DIRECT on ramfs is %s (%s), want refused", p.Direct, p.Why)
	}
	_, err = Create(filepath.Join(dir, "f"), testSize)
	wantSetup(t, err, "O_DIRECT: not supported: the file system ramfs refuses it", "ext4")
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v is not errors.ErrUnsupported", err)
	}
	wantEmpty(t, dir)
}

func TestFullDirectory(t *testing.T) {
	dir := mountTest(t, "tmpfs", 0, "size=1m")
	if p, err := ProbeDir(dir); err != nil || p.Direct == Refused {
		t.Skipf("no O_DIRECT on tmpfs here: %v, %v", p, err)
	}
	_, err := Create(filepath.Join(dir, "f"), 4<<20)
	wantSetup(t, err, "reserve 4 MiB for data file "+dir+"/f: no space left on device", "free some space")
	wantEmpty(t, dir)
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := mountTest(t, "tmpfs", unix.MS_RDONLY, "")
	_, err := Create(filepath.Join(dir, "f"), testSize)
	wantSetup(t, err, "read-only file system", "read-write")
}

func TestOpenFileWantsARegularFile(t *testing.T) {
	path := filepath.Join(directDir(t), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no fifo: %v", err)
	}
	if f, err := OpenFile(path); err == nil {
		f.Close()
		t.Error("a fifo was opened as a data file")
	}
}

func TestRemove(t *testing.T) {
	dir := directDir(t)
	f, err := Create(filepath.Join(dir, "f"), testSize)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	wantEmpty(t, dir)
}

// mountTest mounts a file system for the test, which is skipped where that is
// not allowed.
func mountTest(t *testing.T, fsType string, flags uintptr, data string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("cohbench-test", dir, fsType, flags, data); err != nil {
		t.Skipf("cannot mount a %s: %v", fsType, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// wantSetup checks what a SetupError says, and its hint.
func wantSetup(t *testing.T, err error, text, hint string) {
	t.Helper()
	var s *SetupError
	if !errors.As(err, &s) {
		t.Fatalf("%v is no SetupError", err)
	}
	if !strings.Contains(err.Error(), text) || !strings.Contains(s.Hint, hint) {
		t.Errorf("got %q, hint %q; want %q, hint %q", err, s.Hint, text, hint)
	}
}

// wantEmpty checks that nothing was left in dir.
func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in %s: %v, %v", dir, left, err)
	}
}

func BenchmarkFileWrite(b *testing.B) {
	f, err := Create(filepath.Join(b.TempDir(), "f"), 1<<20)
	if err != nil {
		b.Skip(err)
	}
	defer f.Remove()
	for _, size := range []int{4096, 65536} {
		b.Run(fmt.Sprintf("block=%d", size), func(b *testing.B) {
			p, th := Block(size), thread()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := f.WriteAt(th, p, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
