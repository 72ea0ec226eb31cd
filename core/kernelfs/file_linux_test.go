package kernelfs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
)

const testSize = 64 << 10

// fixture is one file and two tasks.
type fixture struct {
	*testing.T
	g    *sched.Group
	f    *file
	a, b *core.Task
}

// setup makes a file of testSize bytes and opens it with the engine.
func setup(t *testing.T, e Engine) *fixture {
	t.Helper()
	if err := e.Probe(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	x := &fixture{T: t, g: sched.NewGroup()}
	x.a, x.b = core.NewTask(x.g.Thread("a")), core.NewTask(x.g.Thread("b"))
	x.f = x.open(e, "data")
	return x
}

func (x *fixture) open(e Engine, name string) *file {
	x.Helper()
	path := filepath.Join(x.TempDir(), name)
	d, err := disk.Create(path, testSize)
	if errors.Is(err, errors.ErrUnsupported) {
		x.Skip(err)
	}
	x.must(err)
	x.must(d.Close())
	f, err := e.Open(x.g, core.Backing{Path: path})
	x.must(err)
	x.Cleanup(func() { x.must(f.Close(x.a)) })
	return f.(*file)
}

func (x *fixture) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// mapAll maps n bytes from the start of f.
func (x *fixture) mapAll(f *file, n int64) *mapping {
	x.Helper()
	m, err := f.Map(x.a, 0, n)
	x.must(err)
	x.Cleanup(func() { x.must(m.Unmap(x.a)) })
	return m.(*mapping)
}

// pattern is n bytes, aligned, that tell their offset and tag.
func pattern(n int, tag byte) []byte {
	p := disk.Block(n)
	for i := range p {
		p[i] = byte(i/8) ^ byte(i/core.PageSize*17) ^ tag
	}
	return p
}

func TestEveryViewSeesEveryWrite(t *testing.T) {
	for _, e := range []Engine{{}, {Direct: AIO}, {Direct: URing}} {
		t.Run(e.Name(), func(t *testing.T) { everyViewSeesEveryWrite(t, e) })
	}
}

func everyViewSeesEveryWrite(t *testing.T, e Engine) {
	x := setup(t, e)
	m := x.mapAll(x.f, testSize)
	writes := map[string]func(p []byte, off int64) (int, error){
		"buffered": func(p []byte, off int64) (int, error) { return x.f.WriteAt(x.a, core.Buffer{Mem: p}, off) },
		"direct":   func(p []byte, off int64) (int, error) { return x.f.WriteDirect(x.a, core.Buffer{Mem: p}, off) },
		"mapped":   func(p []byte, off int64) (int, error) { return m.WriteAt(x.a, p, off) },
	}
	reads := map[string]func(p []byte, off int64) (int, error){
		"buffered": func(p []byte, off int64) (int, error) { return x.f.ReadAt(x.b, core.Buffer{Mem: p}, off) },
		"direct":   func(p []byte, off int64) (int, error) { return x.f.ReadDirect(x.b, core.Buffer{Mem: p}, off) },
		"mapped":   func(p []byte, off int64) (int, error) { return m.ReadAt(x.b, p, off) },
	}
	tag := byte(1)
	for wname, write := range writes {
		for rname, read := range reads {
			tag++
			p, q := pattern(3*core.PageSize, tag), disk.Block(3*core.PageSize)
			if n, err := write(p, core.PageSize); n != len(p) || err != nil {
				t.Fatalf("%s write: %d, %v", wname, n, err)
			}
			if n, err := read(q, core.PageSize); n != len(q) || err != nil {
				t.Fatalf("%s read: %d, %v", rname, n, err)
			}
			if !bytes.Equal(p, q) {
				t.Errorf("a %s read does not see a %s write", rname, wname)
			}
		}
	}
}

func TestLoadAndStore(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	x.must(m.Store(x.a, 4104, 0x1122334455667788))
	v, err := m.Load(x.b, 4104)
	if v != 0x1122334455667788 || err != nil {
		t.Errorf("%#x, %v", v, err)
	}
	if _, err := m.Load(x.a, testSize); !errors.Is(err, errRange) {
		t.Errorf("a load outside of the mapping: %v", err)
	}
	if err := m.Store(x.a, -8, 1); !errors.Is(err, errRange) {
		t.Errorf("a store outside of the mapping: %v", err)
	}
}

func TestReadStopsAtTheEnd(t *testing.T) {
	x := setup(t, Engine{})
	x.must(x.f.Truncate(x.a, testSize-1000))
	async := &file{path: x.f.path, direct: x.f.direct, align: x.f.align, async: &alone{open: openAIO}}
	defer async.async.close()
	for name, read := range map[string]func(*core.Task, core.Buffer, int64) (int, error){
		"buffered": x.f.ReadAt, "direct": x.f.ReadDirect, "asynchronous": async.ReadDirect,
	} {
		n, err := read(x.a, core.Buffer{Mem: disk.Block(8192)}, testSize-8192)
		if n != 8192-1000 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	if got := x.f.Size(); got != testSize-1000 {
		t.Errorf("size %d", got)
	}
}

// SIGBUS is the error of the access that met it, and of nobody else.
func TestBeyondTheEnd(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	x.must(x.f.Truncate(x.a, core.PageSize+8))
	if _, err := m.Load(x.a, 2*core.PageSize-8); err != nil {
		t.Errorf("a load in the last page: %v", err)
	}
	_, err := m.Load(x.a, 2*core.PageSize)
	wantBeyond(t, "load", err)
	wantBeyond(t, "store", m.Store(x.a, 3*core.PageSize, 1))
	p := make([]byte, 4*core.PageSize)
	n, err := m.ReadAt(x.a, p, 0)
	wantBeyond(t, "copy out", err)
	if n != 2*core.PageSize {
		t.Errorf("copied out %d bytes", n)
	}
	n, err = m.WriteAt(x.a, p, core.PageSize)
	wantBeyond(t, "copy in", err)
	if n != core.PageSize {
		t.Errorf("copied in %d bytes", n)
	}
	if debug.SetPanicOnFault(false) {
		t.Error("the goroutine still panics on faults")
	}
	_, err = x.f.WriteDirect(x.a, core.Buffer{Map: m, Off: 2 * core.PageSize, Len: core.PageSize}, 0)
	if !errors.Is(err, core.ErrFault) || x.a.Stats.EFAULT != 1 {
		t.Errorf("a direct write from beyond the end: %v, %d EFAULTs", err, x.a.Stats.EFAULT)
	}
}

func wantBeyond(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, core.ErrBeyondEOF) {
		t.Errorf("%s beyond the end: %v", what, err)
	}
}

// The end of the file may have moved on when the signal is looked at.
func TestWhyABusError(t *testing.T) {
	x := setup(t, Engine{})
	want := func(at int64, err error) {
		t.Helper()
		if got := x.f.busError(at); got != err {
			t.Errorf("at %#x: %v, want %v", at, got, err)
		}
	}
	want(testSize-1, core.ErrIO)
	want(testSize, core.ErrBeyondEOF)
	x.must(x.f.Truncate(x.a, core.PageSize+1))
	x.must(x.f.Truncate(x.a, testSize))
	want(2*core.PageSize-1, core.ErrIO)
	want(2*core.PageSize, core.ErrBeyondEOF)
}

func TestTruncationBesideAccesses(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	p := pattern(core.PageSize, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			x.f.Truncate(x.b, core.PageSize)
			x.f.WriteAt(x.b, core.Buffer{Mem: p}, testSize-core.PageSize)
		}
	}()
	beyond := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		_, lerr := m.Load(x.a, testSize-8)
		serr := m.Store(x.a, testSize-8, 1)
		for _, err := range []error{lerr, serr} {
			if err != nil && !errors.Is(err, core.ErrBeyondEOF) {
				t.Fatal(err)
			}
			if err != nil {
				beyond++
			}
		}
	}
	t.Logf("%d accesses met the end", beyond)
}

// A panic that is not a fault of the mapping is nobody's to swallow.
func TestOtherPanicsGoOn(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	for name, p := range map[string]func(){
		"panic":         func() { panic("other") },
		"index":         func() { _ = x.f.maps[len(x.f.maps)] },
		"other address": func() { load64(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: swallowed", name)
				}
			}()
			var err error
			defer m.begin(x.a, "load", 0, 8).end(&err)
			p()
		}()
	}
}

func TestMappingsAsBuffers(t *testing.T) {
	x := setup(t, Engine{})
	other := x.open(Engine{}, "other")
	m, o := x.mapAll(x.f, testSize), x.mapAll(other, testSize)
	p := pattern(core.PageSize, 9)
	if _, err := o.WriteAt(x.a, p, 0); err != nil {
		t.Fatal(err)
	}
	for i, write := range []func(*core.Task, core.Buffer, int64) (int, error){x.f.WriteDirect, x.f.WriteAt} {
		off := int64(i+1) * core.PageSize
		_, err := write(x.a, core.Buffer{Map: o, Len: core.PageSize}, off)
		x.must(err)
		// And on, to another page of the same file.
		_, err = write(x.a, core.Buffer{Map: m, Off: off, Len: core.PageSize}, off+8*core.PageSize)
		x.must(err)
		q := disk.Block(core.PageSize)
		_, err = x.f.ReadDirect(x.a, core.Buffer{Mem: q}, off+8*core.PageSize)
		x.must(err)
		if !bytes.Equal(p, q) {
			t.Errorf("write %d: the contents did not arrive", i)
		}
	}
	if _, err := x.f.ReadDirect(x.a, core.Buffer{Map: m, Off: testSize, Len: core.PageSize}, 0); !errors.Is(err, core.ErrFault) {
		t.Errorf("a buffer outside of its mapping: %v", err)
	}
}

// cached is how many pages of f are in the page cache.
func (x *fixture) cached() uint64 {
	x.Helper()
	var stat unix.Cachestat_t
	err := unix.Cachestat(uint(x.f.cached), &unix.CachestatRange{Len: testSize}, &stat, 0)
	if err == unix.ENOSYS || err == unix.EOPNOTSUPP {
		x.Skip("no cachestat(2)")
	}
	x.must(err)
	return stat.Cache
}

// A mapped page stays in the cache unless it is unmapped first.
func TestEvict(t *testing.T) {
	x := setup(t, Engine{})
	if p, err := disk.ProbeDir(filepath.Dir(x.f.path)); err != nil || p.FSType == "tmpfs" {
		t.Skip("tmpfs keeps its pages")
	}
	m := x.mapAll(x.f, testSize)
	if _, err := m.WriteAt(x.a, pattern(testSize, 3), 0); err != nil {
		t.Fatal(err)
	}
	x.must(x.f.Sync(x.a))
	if n := x.cached(); n != testSize/core.PageSize {
		t.Fatalf("%d pages cached", n)
	}
	x.must(dontNeed(x.f.cached, 0, testSize))
	if x.cached() == 0 {
		t.Error("mapped pages went without being unmapped: Evict does too much")
	}
	x.must(x.f.Evict(x.a, 0, 0))
	if x.cached() == 0 {
		t.Error("evicting nothing evicted pages")
	}
	x.must(x.f.Evict(x.a, 0, testSize))
	if n := x.cached(); n != 0 {
		t.Errorf("%d pages left", n)
	}
}

func TestPunchHole(t *testing.T) {
	x := setup(t, Engine{})
	_, err := x.f.WriteAt(x.a, core.Buffer{Mem: pattern(testSize, 5)}, 0)
	x.must(err)
	err = x.f.PunchHole(x.a, core.PageSize, core.PageSize)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	x.must(err)
	q := disk.Block(3 * core.PageSize)
	_, err = x.f.ReadAt(x.a, core.Buffer{Mem: q}, 0)
	x.must(err)
	want := pattern(3*core.PageSize, 5)
	clear(want[core.PageSize : 2*core.PageSize])
	if !bytes.Equal(q, want) || x.f.Size() != testSize {
		t.Errorf("a hole is not where it should be, or the size changed to %d", x.f.Size())
	}
}

func TestMisalignedDirectIO(t *testing.T) {
	for _, e := range []Engine{{}, {Direct: AIO}, {Direct: URing}} {
		x := setup(t, e)
		_, err := x.f.WriteDirect(x.a, core.Buffer{Mem: disk.Block(4096)[:100]}, 0)
		if err == nil {
			t.Skip("this file system takes any length")
		}
		if !errors.Is(err, core.ErrAlign) {
			t.Errorf("%s: %v", e.Name(), err)
		}
	}
}

func TestExposures(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	for _, c := range []struct {
		off  int64
		want int64
	}{{0, 1}, {2 * core.PageSize, 0}} {
		x.a.Stats.Exposures = 0
		x.f.exposed.BeginWrite(x.a, 0, 2*core.PageSize)
		_, err := m.Load(x.b, c.off)
		x.must(err)
		x.f.exposed.EndWrite(x.a)
		if x.a.Stats.Exposures != c.want {
			t.Errorf("a load at %#x: %d exposures, want %d", c.off, x.a.Stats.Exposures, c.want)
		}
	}
}

func TestHugePages(t *testing.T) {
	x := setup(t, Engine{HugePages: true})
	m, err := x.f.Map(x.a, 0, testSize)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	x.must(err)
	x.must(m.Store(x.a, 8, 7))
	x.must(m.Unmap(x.a))
}

func TestOpenWhatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing")
	if _, err := (Engine{}).Open(sched.NewGroup(), core.Backing{Path: path}); err == nil {
		t.Error("opened")
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("a file was made")
	}
}

// What is zeroed or reserved reads so in every view, and what is stored to a
// mapping is on disk after an msync.
func TestZeroReserveAndMsync(t *testing.T) {
	x := setup(t, Engine{})
	m := x.mapAll(x.f, testSize)
	_, err := x.f.WriteAt(x.a, core.Buffer{Mem: pattern(testSize, 3)}, 0)
	x.must(err)
	x.must(x.f.Preallocate(x.a, 0, testSize))
	const hole = 2 * core.PageSize
	x.must(x.f.PunchHole(x.a, 0, hole))
	x.must(x.f.Preallocate(x.a, 0, testSize))
	zeroed := int64(hole)
	if err := x.f.ZeroRange(x.a, hole, core.PageSize); !errors.Is(err, errors.ErrUnsupported) {
		x.must(err)
		zeroed += core.PageSize
	}
	x.must(m.Store(x.a, testSize-8, 42))
	x.must(m.Msync(x.a, testSize-core.PageSize, core.PageSize))
	want := pattern(testSize, 3)
	clear(want[:zeroed])
	copy(want[testSize-8:], []byte{42, 0, 0, 0, 0, 0, 0, 0})
	got := disk.Block(testSize)
	for _, read := range []func(*core.Task, core.Buffer, int64) (int, error){x.f.ReadDirect, x.f.ReadAt} {
		_, err := read(x.b, core.Buffer{Mem: got}, 0)
		x.must(err)
		if !bytes.Equal(got, want) {
			t.Error("not what was left there")
		}
	}
	if err := m.Msync(x.a, testSize, core.PageSize); !errors.Is(err, errRange) {
		t.Errorf("msync outside of the mapping: %v", err)
	}
}
