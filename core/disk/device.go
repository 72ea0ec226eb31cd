package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Force is how far a user goes for a block device: whether what is on it may
// be overwritten.
type Force string

// The steps. Any other Force names the contents that may be destroyed, as a
// refusal called them: "ext4".
const (
	ForceNothing Force = ""
	ForceBlank   Force = "blank" // a device on which nothing is recognised
)

// deviceType is what Probe.FSType says of a block device.
const deviceType = "block-device"

// OpenDevice opens a block device for direct IO, to be overwritten. It is
// claimed (open(2), O_EXCL), so that nobody can mount it, or make it part of
// something, until the File is closed; a device that is in use is refused, by
// the same rule, and so is one whose contents are recognised, unless force
// names them. Nothing has been written when OpenDevice returns. An error is a
// *SetupError.
func OpenDevice(path string, force Force) (*File, error) {
	refuse := func(err error, hint string) (*File, error) {
		return nil, &SetupError{"open block device", path, err, hint}
	}
	if force == ForceNothing {
		return refuse(errors.New("what is on it would be overwritten"), "add --force if nothing on it is needed any more")
	}
	st, err := os.Stat(path)
	if err != nil {
		return refuse(cause(err), createHint(err))
	}
	if !isBlock(st.Mode()) {
		return refuse(errors.New("not a block device"), "name a device such as /dev/loop0; a directory goes by --dir")
	}
	claim, err := claimDevice(path)
	// A mounted device may say no for other reasons, too: what counts is that it is
	// mounted.
	if users := usersOf("/", path); isBusy(err) || err != nil && users != nil {
		return refuse(fmt.Errorf("it is in use: %s", usersText(users)), "unmount it or take it out of what uses it, or name another device")
	}
	if err != nil {
		return refuse(cause(err), "name a device you may write to")
	}
	f, err := openClaimed(claim, path, force)
	if err != nil {
		return nil, errors.Join(err, claim.Close())
	}
	return f, nil
}

// openClaimed looks at what is on the device, and opens it once more.
func openClaimed(claim *os.File, path string, force Force) (*File, error) {
	found, err := recognise(claim)
	if err != nil {
		return nil, &SetupError{"read block device", path, cause(err), ""}
	}
	switch {
	case found != "" && force != Force(found):
		return nil, &SetupError{"open block device", path, fmt.Errorf("there is %s on it", found),
			"--force=" + found + " if that may be destroyed"}
	case found == "" && force != ForceBlank:
		return nil, &SetupError{"open block device", path, fmt.Errorf("no %s was found on it", force),
			"--force if this is the right device"}
	}
	f, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	f.claim = claim
	return f, nil
}

func isBlock(m fs.FileMode) bool { return m&fs.ModeDevice != 0 && m&fs.ModeCharDevice == 0 }

// signatures tell what is on a device, by bytes at an offset; the first that
// fits counts. More are known to blkid(8); these are what a device in use is
// likely to carry.
var signatures = []struct {
	name  string
	off   int64
	magic string
}{
	{"luks", 0, "LUKS\xba\xbe"},
	{"lvm", 512, "LABELONE"},
	{"lvm", 0, "LABELONE"},
	{"md", 4096, "\xfc\x4e\x2b\xa9"},
	{"md", 0, "\xfc\x4e\x2b\xa9"},
	{"xfs", 0, "XFSB"},
	{"ext4", 0x438, "\x53\xef"},
	{"btrfs", 0x10040, "_BHRfS_M"},
	{"f2fs", 0x400, "\x10\x20\xf5\xf2"},
	{"bcachefs", 4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"},
	{"bcachefs", 4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"}, // or bcache
	{"swap", 4086, "SWAPSPACE2"},
	{"erofs", 1024, "\xe2\xe1\xf5\xe0"},
	{"squashfs", 0, "hsqs"},
	{"iso9660", 0x8001, "CD001"},
	{"ntfs", 3, "NTFS    "},
	{"vfat", 82, "FAT32   "},
	{"partitions", 512, "EFI PART"},
	{"partitions", 510, "\x55\xaa"},
}

// recognise names what is on a device; "" if nothing is recognised.
func recognise(r io.ReaderAt) (string, error) {
	for _, s := range signatures {
		p := make([]byte, len(s.magic))
		_, err := r.ReadAt(p, s.off)
		if errors.Is(err, io.EOF) {
			continue // a small device
		}
		if err != nil {
			return "", err
		}
		if string(p) == s.magic {
			return s.name, nil
		}
	}
	return "", nil
}

// usersOf says who uses a device or, of a disk, its partitions; of a partition,
// its disk. root is "/" but in tests. It is for people: the claim decides.
func usersOf(root, path string) (users []string) {
	for _, dev := range relatives(root, path) {
		users = append(users, usersOfOne(root, dev)...)
	}
	return users
}

func usersText(users []string) string {
	if users == nil {
		return "by something that is not to be seen from here, such as a mount in another namespace"
	}
	return strings.Join(users, "; ")
}

// relatives is the name in /sys/class/block of the device, and of its disk or
// its partitions.
func relatives(root, path string) []string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	name := filepath.Base(path)
	list := []string{name}
	dir, err := filepath.EvalSymlinks(filepath.Join(root, "sys/class/block", name))
	if err != nil {
		return list
	}
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		list = append(list, filepath.Base(filepath.Dir(dir)))
	}
	parts, _ := filepath.Glob(filepath.Join(dir, "*", "partition"))
	for _, p := range parts {
		list = append(list, filepath.Base(filepath.Dir(p)))
	}
	return list
}

// usersOfOne looks for mounts, swap areas and holders (md, dm, bcache).
func usersOfOne(root, name string) (users []string) {
	number, _ := os.ReadFile(filepath.Join(root, "sys/class/block", name, "dev"))
	mounts, _ := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) > 4 && f[2] == strings.TrimSpace(string(number)) {
			users = append(users, name+" is mounted on "+unescape(f[4]))
		}
	}
	swaps, _ := os.ReadFile(filepath.Join(root, "proc/swaps"))
	for line := range strings.Lines(string(swaps)) {
		if strings.HasPrefix(line, "/dev/"+name+" ") || strings.HasPrefix(line, "/dev/"+name+"\t") {
			users = append(users, name+" is swapped to")
		}
	}
	holders, _ := os.ReadDir(filepath.Join(root, "sys/class/block", name, "holders"))
	for _, h := range holders {
		users = append(users, name+" is part of "+h.Name())
	}
	return users
}
