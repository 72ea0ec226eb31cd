package result

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Collect finds out about the machine, and about the file system and device
// that dir lives on, from /proc and /sys. It needs no privilege, and works
// anywhere, if only to say "unknown: why". Seed, Plan, Engines, MMU and IO are
// the caller's to fill in.
func Collect(dir string) Env {
	env := Env{
		Schema: Schema, Created: time.Now(), Command: os.Args,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Commit: commit(),
		GOMAXPROCS: runtime.GOMAXPROCS(0), Cores: runtime.NumCPU(),
		Dir: dir,
	}
	p := probe{root: "/"}
	p.machine(&env)
	p.storage(&env, dir)
	return env
}

// unknown renders what could not be found out.
func unknown(err error) string { return "unknown: " + cause(err) }

// cause shortens the error of a file to what one needs to know.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Sprintf("%s: %v", path.Path, path.Err)
	}
	return err.Error()
}

func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown: built without module information"
	}
	set := make(map[string]string)
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	rev := set["vcs.revision"]
	switch {
	case rev == "":
		return "unknown: not stamped into this binary (go run, or built outside a checkout); " + info.Main.Version
	case set["vcs.modified"] == "true":
		return rev + "+dirty"
	}
	return rev
}

// A probe reads the files below root, which is "/" but in tests.
type probe struct{ root string }

func (p probe) path(name string) string { return filepath.Join(p.root, name) }

// text returns the trimmed contents of a file.
func (p probe) text(name string) (string, error) {
	b, err := os.ReadFile(p.path(name))
	return strings.TrimSpace(string(b)), err
}

// line is text, or why there is none.
func (p probe) line(name string) string {
	s, err := p.text(name)
	if err != nil {
		return unknown(err)
	}
	return s
}

// field returns the value of the first "key : value" line of a file.
func (p probe) field(name, key string) (string, error) {
	text, err := p.text(name)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v), nil
		}
	}
	return "", fmt.Errorf("%s has no %q", p.path(name), key)
}

func (p probe) fieldLine(name, key string) string {
	s, err := p.field(name, key)
	if err != nil {
		return unknown(err)
	}
	return s
}

func (p probe) machine(env *Env) {
	env.Kernel = p.kernel()
	env.CPU = p.cpu()
	env.CPUList = p.fieldLine("proc/self/status", "Cpus_allowed_list")
	env.Memory = p.fieldLine("proc/meminfo", "MemTotal")
	env.Load = p.line("proc/loadavg")
	env.NUMA = p.numa()
	env.Governor = p.governor()
	env.Virtual = p.virtual()
	env.Probed = make(map[string]string)
	for _, name := range []string{
		"proc/sys/vm/dirty_ratio", "proc/sys/vm/dirty_background_ratio", "proc/sys/vm/dirty_writeback_centisecs",
		"proc/sys/vm/unprivileged_userfaultfd", "sys/kernel/mm/transparent_hugepage/enabled",
		"sys/devices/system/clocksource/clocksource0/current_clocksource",
		"sys/devices/system/cpu/isolated", "sys/devices/system/cpu/smt/control", "sys/fs/cgroup/memory.max", "sys/fs/cgroup/cpu.max",
	} {
		env.Probed["/"+name] = p.line(name)
	}
}

func (p probe) kernel() string {
	release, err := p.text("proc/sys/kernel/osrelease")
	if err != nil {
		return unknown(err)
	}
	if version, err := p.text("proc/sys/kernel/version"); err == nil {
		release += " " + version
	}
	return release
}

// cpu names the model. Arm's cpuinfo has numbers only.
func (p probe) cpu() string {
	name, err := p.field("proc/cpuinfo", "model name")
	if err == nil {
		return name
	}
	if part, err := p.field("proc/cpuinfo", "CPU part"); err == nil {
		return fmt.Sprintf("implementer %s part %s", p.fieldLine("proc/cpuinfo", "CPU implementer"), part)
	}
	return unknown(err)
}

func (p probe) numa() string {
	nodes, _ := filepath.Glob(p.path("sys/devices/system/node/node[0-9]*"))
	if len(nodes) == 0 {
		return "unknown: /sys/devices/system/node has no nodes"
	}
	var list []string
	for _, node := range nodes {
		cpus, err := os.ReadFile(filepath.Join(node, "cpulist"))
		if err != nil {
			return unknown(err)
		}
		list = append(list, fmt.Sprintf("%s: %s", filepath.Base(node), strings.TrimSpace(string(cpus))))
	}
	return strings.Join(list, "; ")
}

func (p probe) governor() string {
	files, _ := filepath.Glob(p.path("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"))
	if len(files) == 0 {
		return "unknown: no cpufreq in /sys/devices/system/cpu, as in most virtual machines"
	}
	var seen []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return unknown(err)
		}
		if g := strings.TrimSpace(string(b)); !slices.Contains(seen, g) {
			seen = append(seen, g)
		}
	}
	return strings.Join(seen, ", ")
}

func (p probe) virtual() string {
	flags, err := p.field("proc/cpuinfo", "flags")
	if err != nil {
		return unknown(err)
	}
	if !slices.Contains(strings.Fields(flags), "hypervisor") {
		return "no"
	}
	vendor, err := p.text("sys/class/dmi/id/sys_vendor")
	if err != nil {
		return "yes, by the CPU's flags"
	}
	return "yes, " + vendor
}
