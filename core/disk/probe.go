package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Directness says what O_DIRECT does in a directory.
type Directness string

// The kinds of O_DIRECT.
const (
	Direct   Directness = "direct"   // goes to the device
	Buffered Directness = "buffered" // accepted, and served by the page cache
	Unknown  Directness = "unknown"  // accepted; nothing says what becomes of it
	Refused  Directness = "refused"  // the file system has none
)

// Probe says what a file or a directory lives on.
type Probe struct {
	Path       string     `json:"path"`
	FSType     string     `json:"fs_type"`     // as in mountinfo: "ext4", or "unknown"
	MountPoint string     `json:"mount_point"` // "" if unknown
	Options    string     `json:"options"`     // of the mount and of the super block
	Device     string     `json:"device"`      // the mount's source
	Direct     Directness `json:"direct"`
	Why        string     `json:"why"` // how Direct is known
	Align      Align      `json:"align"`
}

// assumedAlign suits every device and file system we know of.
var assumedAlign = Align{Mem: 4096, Offset: 4096, Source: "assumed"}

// String is one line.
func (p Probe) String() string {
	return fmt.Sprintf("%s on %s: O_DIRECT is %s (%s), alignment %s", p.FSType, p.Device, p.Direct, p.Why, p.Align)
}

// ProbeDir finds out what direct IO in dir is. It makes a file there, writes
// one block to it, reads the block back and removes the file. A directory that
// refuses O_DIRECT is a result and no error; one where no file can be made is
// a *SetupError.
func ProbeDir(dir string) (Probe, error) {
	plain, err := os.CreateTemp(dir, "cohbench-probe-*.dat")
	if err != nil {
		return Probe{}, cannotCreate(dir, err)
	}
	path := plain.Name()
	defer os.Remove(path)
	defer plain.Close()
	f, err := OpenFile(path)
	if errors.Is(err, errors.ErrUnsupported) {
		p := mountProbe(path)
		p.Path, p.Direct, p.Why, p.Align = dir, Refused, causeOf(err), Align{}
		return p, nil
	}
	if err != nil {
		return Probe{}, err
	}
	defer f.Close()
	p := f.Probe()
	p.Path = dir
	if err := f.tryBlock(); err != nil {
		return Probe{}, &SetupError{"probe direct IO in", dir, err, createHint(err)}
	}
	return p, nil
}

// cannotCreate is the error of a directory in which no file can be made. Some
// that exist, such as /proc, say that they do not.
func cannotCreate(dir string, err error) error {
	if _, statErr := os.Stat(dir); statErr == nil && errors.Is(err, fs.ErrNotExist) {
		return &SetupError{"probe direct IO in", dir, errors.New("no file can be made there"), "name another directory"}
	}
	return &SetupError{"probe direct IO in", dir, cause(err), createHint(err)}
}

// causeOf is the innermost text of a setup error.
func causeOf(err error) string {
	var s *SetupError
	if errors.As(err, &s) {
		return s.Err.Error()
	}
	return err.Error()
}

// tryBlock writes one block and reads it back.
func (f *File) tryBlock() error {
	p := Block(max(f.align.Offset, 4096))
	for i := range p {
		p[i] = byte(i)
	}
	if _, err := f.writeFull(f.fd, p, 0); err != nil {
		return err
	}
	q := Block(len(p))
	n, err := f.readFull(q, 0)
	if err != nil {
		return err
	}
	if n != len(q) || !slices.Equal(p, q) {
		return errors.New("what was written directly did not come back")
	}
	return nil
}

// judge says whether O_DIRECT on a file is direct, from what the kernel says
// of the file (statx's STATX_DIOALIGN: known, mem, offset) and otherwise from
// what is known of file systems.
func judge(p *Probe, known bool, mem, offset int) {
	p.Align = assumedAlign
	switch {
	case known && (mem == 0 || offset == 0):
		p.Direct, p.Why = Buffered, "statx: no direct IO on this file"
	case known:
		p.Direct, p.Why = Direct, "statx"
		p.Align = Align{Mem: mem, Offset: offset, Source: "statx"}
	default:
		p.Direct, p.Why = byFileSystem(p.FSType, strings.Split(p.Options, ","))
	}
}

// byFileSystem is what is known of file systems that do not answer
// STATX_DIOALIGN, or did not in the kernels before 6.1.
func byFileSystem(fsType string, options []string) (Directness, string) {
	switch fsType {
	case "tmpfs":
		return Buffered, "tmpfs has no device"
	case "btrfs":
		if slices.Contains(options, "nodatasum") || slices.Contains(options, "nodatacow") {
			return Unknown, "btrfs without data checksums is direct unless its data profile is duplicated"
		}
		return Buffered, "btrfs buffers direct IO to files with data checksums"
	case "ext3", "ext4":
		if slices.Contains(options, "data=journal") {
			return Buffered, fsType + " with data=journal"
		}
		return Direct, fsType
	case deviceType, "ext2", "xfs", "f2fs", "bcachefs":
		return Direct, fsType
	}
	return Unknown, fsType + " does not say"
}

// mount is one line of /proc/self/mountinfo.
type mount struct {
	point, fsType, source, options string
}

// parseMountinfo reads the format of proc_pid_mountinfo(5).
func parseMountinfo(text string) []mount {
	var mounts []mount
	for line := range strings.Lines(text) {
		left, right, ok := strings.Cut(strings.TrimSpace(line), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 6 || len(r) < 2 {
			continue
		}
		m := mount{point: unescape(l[4]), fsType: r[0], source: unescape(r[1]), options: l[5]}
		if len(r) > 2 {
			m.options += "," + r[2]
		}
		mounts = append(mounts, m)
	}
	return mounts
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// mountOf is the mount that path, absolute and without symbolic links, is on:
// the longest mount point above it, and of several mounts there the last.
// Device numbers would not do: btrfs gives its files others than its mount.
func mountOf(mounts []mount, path string) (mount, bool) {
	best, found := mount{}, false
	for _, m := range mounts {
		if under(path, m.point) && (!found || len(m.point) >= len(best.point)) {
			best, found = m, true
		}
	}
	return best, found
}

// under reports whether path is dir or below it.
func under(path, dir string) bool {
	return dir == "/" || path == dir || strings.HasPrefix(path, dir+"/")
}

// mountProbe fills in what the mount table says of path.
func mountProbe(path string) Probe {
	p := Probe{Path: path, FSType: "unknown", Device: "unknown"}
	real, err := realPath(path)
	if err != nil {
		return p
	}
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return p
	}
	if st, err := os.Stat(real); err == nil && isBlock(st.Mode()) {
		p.FSType, p.Device = deviceType, path
		return p
	}
	if m, ok := mountOf(parseMountinfo(string(text)), real); ok {
		p.FSType, p.MountPoint, p.Device, p.Options = m.fsType, m.point, m.source, m.options
	}
	return p
}

// realPath is path, absolute and without symbolic links.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// createHint says what to do about a file that could not be made.
func createHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "make the directory, or name another"
	case errors.Is(err, fs.ErrExist):
		return "remove the file if nobody needs it: an existing file is never written to"
	case errors.Is(err, fs.ErrPermission):
		return "name a directory you may write to"
	case isReadOnly(err):
		return "name a directory on a file system mounted read-write"
	case isFull(err):
		return "free some space, ask for a smaller file, or name another directory"
	}
	return "name another directory"
}
