package disk

import (
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name        string
		fsType      string
		options     string
		known       bool
		mem, offset int
		want        Directness
		align       Align
	}{
		{"ext4 answers", "ext4", "rw", true, 4, 512, Direct, Align{4, 512, "statx"}},
		{"ext4 journals data", "ext4", "rw,data=journal", true, 0, 0, Buffered, assumedAlign},
		{"offset 0 is enough", "fuse", "rw", true, 512, 0, Buffered, assumedAlign},
		{"old kernel, ext4", "ext4", "rw", false, 0, 0, Direct, assumedAlign},
		{"old kernel, ext4 journals data", "ext4", "rw,data=journal", false, 0, 0, Buffered, assumedAlign},
		{"tmpfs", "tmpfs", "rw", false, 0, 0, Buffered, assumedAlign},
		{"btrfs", "btrfs", "rw,ssd", false, 0, 0, Buffered, assumedAlign},
		{"btrfs without checksums", "btrfs", "rw,nodatasum", false, 0, 0, Unknown, assumedAlign},
		{"bcachefs", "bcachefs", "rw", false, 0, 0, Direct, assumedAlign},
		{"something else", "9p", "rw", false, 0, 0, Unknown, assumedAlign},
	} {
		p := Probe{FSType: c.fsType, Options: c.options}
		judge(&p, c.known, c.mem, c.offset)
		if p.Direct != c.want || p.Align != c.align {
			t.Errorf("%s: %s, %v, want %s, %v", c.name, p.Direct, p.Align, c.want, c.align)
		}
		if p.Why == "" {
			t.Errorf("%s: no reason", c.name)
		}
	}
}

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
25 22 0:23 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=1024k
30 22 0:40 /sub /mnt/a\040b rw - btrfs /dev/vdb rw,nodatasum
31 22 0:41 / /mnt/x rw - ext2 /dev/loop0 rw
32 31 0:42 / /mnt/x ro - xfs /dev/loop1 ro
malformed
40 22 0:50 / /net rw - 9p
`

func TestMountOf(t *testing.T) {
	mounts := parseMountinfo(mountinfo)
	for _, c := range []struct{ path, fsType, device, options string }{
		{"/home/x", "ext4", "/dev/vda", "rw,relatime,rw,discard"},
		{"/dev/shm", "tmpfs", "tmpfs", "rw,nosuid,rw,size=1024k"},
		{"/dev/shm/f", "tmpfs", "tmpfs", "rw,nosuid,rw,size=1024k"},
		{"/dev/shmem/f", "ext4", "/dev/vda", "rw,relatime,rw,discard"},
		{"/mnt/a b/f", "btrfs", "/dev/vdb", "rw,rw,nodatasum"},
		{"/mnt/x/f", "xfs", "/dev/loop1", "ro,ro"}, // mounted over the ext2
		{"/net/f", "ext4", "/dev/vda", "rw,relatime,rw,discard"},
	} {
		m, ok := mountOf(mounts, c.path)
		if !ok || m.fsType != c.fsType || m.source != c.device || m.options != c.options {
			t.Errorf("%s: %+v, %v, want %+v", c.path, m, ok, c)
		}
	}
	if m, ok := mountOf(mounts[1:], "/home"); ok {
		t.Errorf("a path under no mount is on %+v", m)
	}
}

func TestProbeString(t *testing.T) {
	p := Probe{FSType: "ext4", Device: "/dev/vda", Direct: Direct, Why: "statx", Align: Align{4, 512, "statx"}}
	want := "ext4 on /dev/vda: O_DIRECT is direct (statx), alignment memory 4, offset 512 bytes (statx)"
	if got := p.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(want, "\n") {
		t.Error("more than one line")
	}
}
