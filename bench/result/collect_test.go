package result

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// tree makes a file system below a temporary directory.
func tree(t *testing.T, files map[string]string) probe {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return probe{root}
}

const mounts = `21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 21 0:30 / /data rw,noatime - btrfs /dev/sdb rw,ssd
31 21 0:31 / /data/tmp rw - tmpfs tmpfs rw
32 21 7:0 / /with\040space ro - xfs /dev/loop0 ro
33 21 7:1 / /with\040space rw - ext2 /dev/loop1 rw
`

func storageTree(t *testing.T) probe {
	return tree(t, map[string]string{
		"proc/self/mountinfo":                         mounts,
		"sys/devices/pci/block/vda/queue/scheduler":   "[none] mq-deadline\n",
		"sys/devices/pci/block/vda/queue/write_cache": "write back\n",
		"sys/devices/pci/block/vda/queue/rotational":  "0\n",
		"sys/devices/pci/block/vda/device/model":      "Fast One\n",
		"sys/devices/pci/block/vda/vda1/start":        "2048\n",
		"sys/dev/block/254:1":                         "-> ../../devices/pci/block/vda/vda1",
		"sys/devices/pci/block/sdb/queue/scheduler":   "[bfq]\n",
		"sys/class/block/sdb":                         "-> ../../devices/pci/block/sdb",
	})
}

func TestStorage(t *testing.T) {
	for _, tt := range []struct {
		dir, fs, device, scheduler string
	}{
		{"/", "ext4", "/dev/vda1 (254:1, disk vda), Fast One", "[none] mq-deadline"},
		{"/data-not-that-one", "ext4", "/dev/vda1 (254:1, disk vda), Fast One", "[none] mq-deadline"},
		{"/data/x/y", "btrfs", "/dev/sdb (0:30, disk sdb)", "[bfq]"},
		{"/data/tmp", "tmpfs", "tmpfs (0:31)", "unknown: tmpfs on tmpfs has no block device of its own"},
		{"/with space/a", "ext2", "/dev/loop1 (7:1)", "unknown: no queue directory for device 7:1"},
	} {
		env := Env{Probed: map[string]string{}}
		storageTree(t).storage(&env, tt.dir)
		if env.FileSystem != tt.fs || env.Device != tt.device || !strings.HasPrefix(env.Scheduler, tt.scheduler) {
			t.Errorf("%s: %s on %q, scheduler %q; want %s on %q, %q", tt.dir, env.FileSystem, env.Device, env.Scheduler, tt.fs, tt.device, tt.scheduler)
		}
	}
}

func TestMachine(t *testing.T) {
	var env Env
	tree(t, map[string]string{
		"proc/cpuinfo":                                         "processor: 0\nmodel name : Some CPU\nflags : fpu hypervisor\n",
		"proc/self/status":                                     "Name:\tx\nCpus_allowed_list:\t0,2-3\n",
		"proc/meminfo":                                         "MemTotal:  1024 kB\n",
		"proc/sys/kernel/osrelease":                            "6.18\n",
		"proc/sys/kernel/version":                              "#1 SMP\n",
		"sys/devices/system/node/node0/cpulist":                "0-3\n",
		"sys/devices/system/node/node1/cpulist":                "4-7\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n",
		"sys/devices/system/cpu/cpu2/cpufreq/scaling_governor": "powersave\n",
		"sys/class/dmi/id/sys_vendor":                          "QEMU\n",
	}).machine(&env)
	want := Env{Kernel: "6.18 #1 SMP", CPU: "Some CPU", CPUList: "0,2-3", Memory: "1024 kB", NUMA: "node0: 0-3; node1: 4-7",
		Governor: "performance, powersave", Virtual: "yes, QEMU", Load: env.Load, Probed: env.Probed}
	if !reflect.DeepEqual(env, want) {
		t.Errorf("machine is\n%+v, want\n%+v", env, want)
	}
	if !strings.HasPrefix(env.Load, "unknown: ") || !strings.Contains(env.Load, "loadavg") {
		t.Errorf("a missing file reads %q", env.Load)
	}
}

// Collect leaves nothing empty, whatever the machine is.
func TestCollectSaysSomethingOfEverything(t *testing.T) {
	env := Collect(t.TempDir())
	for _, caller := range []*string{&env.MMU, &env.IO} {
		*caller = "the caller's"
	}
	v := reflect.ValueOf(env)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String && f.String() == "" {
			t.Errorf("%s is empty", v.Type().Field(i).Name)
		}
	}
	if env.Schema != Schema || env.GOMAXPROCS != runtime.GOMAXPROCS(0) || env.Cores < 1 || env.Created.IsZero() || len(env.Command) == 0 {
		t.Errorf("collected %+v", env)
	}
	if runtime.GOOS == "linux" && strings.HasPrefix(env.FileSystem, "unknown") {
		t.Errorf("file system is %q", env.FileSystem)
	}
}
