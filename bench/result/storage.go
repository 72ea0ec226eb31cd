package result

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A mount is a line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	device  string // major:minor; 0:x for file systems without one of their own
	point   string
	options string
	fstype  string
	source  string
	super   string // options of the superblock
}

// storage describes what dir lives on; dir may be a block device.
func (p probe) storage(env *Env, dir string) {
	m, err := p.mountOf(dir)
	if st, statErr := os.Stat(dir); statErr == nil && st.Mode()&os.ModeDevice != 0 {
		m, err = mount{fstype: "block-device", source: dir, options: "not mounted"}, nil
	}
	if err != nil {
		why := unknown(err)
		env.FileSystem, env.MountPoint, env.MountOptions, env.Device = why, why, why, why
		env.Scheduler, env.WriteCache, env.Rotational = why, why, why
		return
	}
	env.FileSystem, env.MountPoint = m.fstype, m.point
	env.MountOptions = fmt.Sprintf("%s (superblock: %s)", m.options, m.super)
	queue, err := p.queue(m)
	if err != nil {
		why := unknown(err)
		env.Device = fmt.Sprintf("%s (%s)", m.source, m.device)
		env.Scheduler, env.WriteCache, env.Rotational = why, why, why
		return
	}
	p.device(env, m, queue)
}

// device fills in what sysfs knows of the disk whose queue directory is given.
func (p probe) device(env *Env, m mount, queue string) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(queue, name))
		if err != nil {
			return unknown(err)
		}
		return strings.TrimSpace(string(b))
	}
	env.Device = fmt.Sprintf("%s (%s, disk %s)", m.source, m.device, filepath.Base(filepath.Dir(queue)))
	if model := read("../device/model"); !strings.HasPrefix(model, "unknown") {
		env.Device += ", " + model
	}
	env.Scheduler, env.WriteCache, env.Rotational = read("scheduler"), read("write_cache"), read("rotational")
	for _, name := range []string{"logical_block_size", "physical_block_size", "nr_requests", "max_sectors_kb", "io_poll", "wbt_lat_usec", "fua"} {
		env.Probed["queue/"+name] = read(name)
	}
}

// mountOf finds the mount that dir is on: of those whose mount point leads to
// dir the longest, and of equals the last, which hides the others.
func (p probe) mountOf(dir string) (mount, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return mount{}, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	text, err := p.text("proc/self/mountinfo")
	if err != nil {
		return mount{}, err
	}
	var best mount
	for line := range strings.Lines(text) {
		m, ok := parseMount(line)
		if ok && leadsTo(m.point, abs) && len(m.point) >= len(best.point) {
			best = m
		}
	}
	if best.point == "" {
		return mount{}, fmt.Errorf("no mount in %s leads to %s", p.path("proc/self/mountinfo"), abs)
	}
	return best, nil
}

func leadsTo(point, path string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}

// parseMount reads "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw".
func parseMount(line string) (mount, bool) {
	left, right, ok := strings.Cut(line, " - ")
	a, b := strings.Fields(left), strings.Fields(right)
	if !ok || len(a) < 6 || len(b) < 2 {
		return mount{}, false
	}
	m := mount{device: a[2], point: unescape(a[4]), options: a[5], fstype: b[0], source: unescape(b[1])}
	if len(b) > 2 {
		m.super = b[2]
	}
	return m, true
}

// unescape undoes the kernel's octal escapes of white space (fs/seq_file.c:
// mangle_path).
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// queue finds the request queue of the disk below a mount. A partition has
// none of its own, its disk has. btrfs and others use a device number of no
// device; there the source helps.
func (p probe) queue(m mount) (string, error) {
	candidates := []string{p.path("sys/dev/block/" + m.device)}
	if strings.HasPrefix(m.source, "/dev/") {
		candidates = append(candidates, p.path("sys/class/block/"+filepath.Base(m.source)))
	}
	for _, link := range candidates {
		real, err := filepath.EvalSymlinks(link)
		if err != nil {
			continue
		}
		for _, dir := range []string{real, filepath.Dir(real)} {
			queue := filepath.Join(dir, "queue")
			if info, err := os.Stat(queue); err == nil && info.IsDir() {
				return queue, nil
			}
		}
	}
	if strings.HasPrefix(m.device, "0:") {
		return "", fmt.Errorf("%s on %s has no block device of its own", m.fstype, m.source)
	}
	return "", errors.New("no queue directory for device " + m.device + " below " + p.path("sys"))
}
