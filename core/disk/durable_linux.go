package disk

import (
	"fmt"
	"os"
	"syscall"

	"cohbench/core/sched"
)

// Durable is the file with every write on stable storage when it returns, as
// O_DSYNC makes it (open(2)). The file closes it.
func (f *File) Durable() (Disk, error) {
	if f.dsync == nil {
		d, err := os.OpenFile(f.path, os.O_RDWR|syscall.O_DIRECT|syscall.O_DSYNC, 0)
		if err != nil {
			return nil, fmt.Errorf("open %s with O_DSYNC: %w", f.path, err)
		}
		f.dsync = d
	}
	return durable{f}, nil
}

// durable is a file that is written through its descriptor with O_DSYNC.
// Write-back goes that way, too: the paths above do not tell.
type durable struct{ *File }

// WriteAt implements Disk.
func (d durable) WriteAt(t *sched.Thread, p []byte, off int64) (int, error) {
	return d.writeVia(int(d.dsync.Fd()), t, p, off)
}
