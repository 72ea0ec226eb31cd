//go:build linux && (amd64 || arm64)

package mmu_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

const roleEnv = "COHBENCH_MMU_TEST_ROLE"

// roles is what this test binary does as a child of itself.
var roles = map[string]func() error{
	"access":  func() error { fmt.Println("uid", os.Getuid()); return accessOnce() },
	"kernel":  accessFromKernel,
	"seccomp": accessWithoutUserfaultfd,
	"plain":   func() error { return zapping(mmu.PlainLoad, false) },
	"bracket": func() error { return zapping(mmu.VMA.Load, true) },
	"hang":    func() error { return zapping(mmu.PlainLoad, true) },
}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleEnv)]; role != nil {
		if err := role(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is this binary in a role. The path works for a user who may not enter
// the directory of the binary, too.
func child(role string, env ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe")
	c.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	return c
}

// accessOnce takes a missing, a minor and a write-protect fault.
func accessOnce() error { return accessWith(mmu.UserfaultfdConfig{}) }

func accessWith(cfg mmu.UserfaultfdConfig) error {
	mem, err := mmu.NewUserfaultfd(cfg)
	if err != nil {
		return err
	}
	w := &world{g: sched.NewGroup(), mem: mem}
	w.main = w.cpu("main")
	v, err := mem.NewVMA(w.main.Thread, 0, 1, w)
	if err != nil {
		return err
	}
	if x, err := v.Load(w.main, 8); err != nil || x != initialWord(0) {
		return fmt.Errorf("load: %#x, %v", x, err)
	}
	if err := v.Store(w.main, 8, 5); err != nil {
		return err
	}
	mem.Zap(w.main.Thread, 0)
	if x, err := v.Load(w.main, 8); err != nil || x != 5 {
		return fmt.Errorf("load: %#x, %v", x, err)
	}
	if f := w.pages[0].faults; f != [3]int{2, 0, 1} {
		return fmt.Errorf("faults: %v", f)
	}
	v.Close(w.main.Thread)
	return mem.Close()
}

// TestUnprivileged: an ordinary user may.
func TestUnprivileged(t *testing.T) {
	need(t, mmu.KindUserfaultfd)
	c, uid := child("access"), os.Getuid()
	if uid == 0 {
		uid = 65534
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := c.CombinedOutput()
	if want := fmt.Sprintln("uid", uid); err != nil || string(out) != want {
		t.Errorf("as uid %d: %v\n%s", uid, err, out)
	}
}

// TestKernelFaults: with privilege, and without it either an error that says
// what is missing or the sysctl that makes it unnecessary.
func TestKernelFaults(t *testing.T) {
	need(t, mmu.KindUserfaultfd)
	cfg := mmu.UserfaultfdConfig{KernelFaults: true}
	if err := mmu.ProbeUserfaultfd(cfg); err != nil {
		t.Skip(err)
	}
	if err := accessWith(cfg); err != nil {
		t.Error(err)
	}
	if os.Getuid() != 0 {
		return
	}
	c := child("kernel")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("as uid 65534: %v\n%s", err, out)
	}
}

// accessFromKernel must be refused to an ordinary user with a reason, unless
// the machine allows it to everybody.
func accessFromKernel() error {
	err := mmu.ProbeUserfaultfd(mmu.UserfaultfdConfig{KernelFaults: true})
	var why *mmu.UnsupportedError
	if err == nil || errors.As(err, &why) && strings.Contains(why.Why, "CAP_SYS_PTRACE") {
		return nil
	}
	return err
}

// TestSeccomp: where a filter refuses userfaultfd(2), as those of containers
// do, that is said, and auto chooses soft.
func TestSeccomp(t *testing.T) {
	if out, err := child("seccomp").CombinedOutput(); err != nil {
		t.Errorf("under the filter: %v\n%s", err, out)
	}
}

func accessWithoutUserfaultfd() error {
	if err := refuse(unix.SYS_USERFAULTFD); err != nil {
		return err
	}
	err := mmu.KindUserfaultfd.Probe()
	var why *mmu.UnsupportedError
	if !errors.As(err, &why) || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(why.Why, "seccomp") {
		return fmt.Errorf("probe: %v", err)
	}
	if _, _, err := mmu.Choose("userfaultfd"); !errors.As(err, &why) {
		return fmt.Errorf("userfaultfd was chosen: %v", err)
	}
	if _, err := mmu.NewUserfaultfd(mmu.UserfaultfdConfig{}); !errors.As(err, &why) {
		return fmt.Errorf("a memory was made: %v", err)
	}
	k, because, err := mmu.Choose("auto")
	if k != mmu.KindSoft || !errors.As(because, &why) || err != nil {
		return fmt.Errorf("auto: %v, %v, %v", k, because, err)
	}
	_, err = k.New()
	return err
}

// refuse installs a seccomp filter for the whole process: EPERM for one call.
func refuse(nr uint32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: nr},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// zapping loads from a page that is zapped again and again, with or without a
// garbage collector beside it that never rests.
func zapping(load func(v mmu.VMA, cpu *mmu.CPU, off int64) (uint64, error), collect bool) error {
	debug.SetGCPercent(-1)
	mem, err := mmu.NewUserfaultfd(mmu.UserfaultfdConfig{})
	if err != nil {
		return err
	}
	w := &world{g: sched.NewGroup(), mem: mem}
	w.main = w.cpu("main")
	v, err := mem.NewVMA(w.main.Thread, 0, 1, w)
	if err != nil {
		return err
	}
	if collect {
		go func() {
			for {
				runtime.GC()
			}
		}()
	}
	for range 2000 {
		w.pages[0].Lock()
		mem.Zap(w.main.Thread, 0)
		w.pages[0].Unlock()
		if _, err := load(v, w.main, 0); err != nil {
			return err
		}
	}
	return nil
}

// TestPlainAccessHangs shows what the bracket is for: a plain load beside a
// garbage collector makes the world stand still, for good. The same program
// ends with the bracket, and without the collector.
func TestPlainAccessHangs(t *testing.T) {
	need(t, mmu.KindUserfaultfd)
	start := time.Now()
	for _, role := range []string{"plain", "bracket"} {
		if out, err := child(role, "GOMAXPROCS=4").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", role, err, out)
		}
	}
	patience := max(2*time.Since(start), 2*time.Second)
	several := []string{"GOMAXPROCS=4", "GOMAXPROCS=1"}
	if testing.Short() {
		several = several[:1]
	}
	for _, procs := range several {
		c := child("hang", procs)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err := <-ended:
			t.Errorf("%s: a plain load beside the collector ended (%v); the bracket would not be needed", procs, err)
		case <-time.After(patience):
			_ = c.Process.Kill()
			<-ended
		}
	}
}

// TestCloseLeavesNothing: no handler, descriptor or mapping.
func TestCloseLeavesNothing(t *testing.T) {
	need(t, mmu.KindUserfaultfd)
	round := func() {
		w := newWorldNoClean(t)
		v, _ := w.mem.NewVMA(w.main.Thread, 0, 4, w)
		for i := range 6 {
			w.g.Go(fmt.Sprint("task ", i), func(th *sched.Thread) {
				cpu := &mmu.CPU{Thread: th}
				for n := range 200 {
					idx := int64(n % 4)
					if _, err := v.Load(cpu, idx*mmu.PageSize); err != nil {
						t.Error(err)
					}
					w.drop(th, idx)
				}
			})
		}
		_ = w.g.Wait()
		v.Close(w.main.Thread)
		if err := w.mem.Close(); err != nil {
			t.Fatal(err)
		}
	}
	round()
	before := leftovers(t)
	for range 5 {
		round()
	}
	for i := 0; ; i++ {
		after := leftovers(t)
		if after[0] <= before[0] && after[1] == before[1] && after[2] == before[2] {
			return
		}
		if i == 50 {
			t.Fatalf("handlers, descriptors and mappings of memfds: %v, later %v", before, after)
		}
		time.Sleep(10 * time.Millisecond) // a handler that has ended its work may not have ended
	}
}

func newWorldNoClean(t *testing.T) *world {
	mem, err := mmu.NewUserfaultfd(mmu.UserfaultfdConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, g: sched.NewGroup(), mem: mem}
	w.main = w.cpu("main")
	return w
}

// leftovers counts goroutines of handlers, open descriptors, and mappings of
// memfds.
func leftovers(t *testing.T) [3]int {
	t.Helper()
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
		t.Fatal(err)
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return [3]int{strings.Count(stacks.String(), "Userfaultfd).handle("), len(fds), strings.Count(string(maps), "memfd:cohbench")}
}
