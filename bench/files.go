package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/disk"
)

// files are the data files of a run. Groups share them, so that as many
// engines and workloads as possible work on the same extents.
type files struct {
	dir string
	// A device takes the place of them all: no case needs more than one file.
	device string
	force  disk.Force

	open map[fileKey]*disk.File
	made int // files created so far: the n in their names
}

// A fileKey tells files apart that cannot be shared: of different size, of one
// case, or of a workload that changes its extents.
type fileKey struct {
	index int
	size  int64
	owner string // the workload, if it resizes its files
}

// dataName is the name of a data file, by process and number.
const dataName = "cohbench-%d-%s.dat"

// RemoveLeftovers removes the data files of a run that was killed. Its
// processes must have ended: whoever holds the run directory knows.
func RemoveLeftovers(env *result.Env) error {
	for _, pid := range env.PIDs() {
		left, err := filepath.Glob(filepath.Join(env.Dir, fmt.Sprintf(dataName, pid, "*")))
		for _, name := range left {
			err = errors.Join(err, os.Remove(name))
		}
		if err != nil {
			return fmt.Errorf("remove the data files of a killed run: %w", err)
		}
	}
	return nil
}

func newFiles(p *Plan) *files {
	return &files{dir: p.Dir, device: p.Device, force: p.Force, open: map[fileKey]*disk.File{}}
}

// probe finds out what direct IO is where the files will be.
func (f *files) probe() (disk.Probe, error) {
	if f.device == "" {
		return disk.ProbeDir(f.dir)
	}
	d, err := f.onDevice(0)
	if err != nil {
		return disk.Probe{}, err
	}
	return d.Probe(), nil
}

// onDevice is the device, claimed at its first use.
func (f *files) onDevice(size int64) (*disk.File, error) {
	d := f.open[fileKey{}]
	if d == nil {
		var err error
		if d, err = disk.OpenDevice(f.device, f.force); err != nil {
			return nil, err
		}
		f.open[fileKey{}] = d
	}
	if d.Size() < size {
		return nil, &disk.SetupError{Op: "use block device", Path: f.device,
			Err: fmt.Errorf("it has %d bytes, %d are needed", d.Size(), size), Hint: "name a larger one, or a smaller --size"}
	}
	return d, nil
}

// backing returns the files that cases of g work on, creating what is missing.
func (f *files) backing(g group) ([]core.Backing, error) {
	var list []core.Backing
	for _, key := range g.fileKeys() {
		file, err := f.file(key)
		if err != nil {
			return nil, err
		}
		list = append(list, core.Backing{Path: file.Path(), Disk: file})
	}
	return list, nil
}

// fileKeys names the files of g.
func (g group) fileKeys() []fileKey {
	var keys []fileKey
	for i := range g.workload.Files {
		key := fileKey{index: i, size: g.params.Size}
		if g.workload.Resizes {
			key.owner = g.workload.Name
		}
		keys = append(keys, key)
	}
	return keys
}

func (f *files) file(key fileKey) (*disk.File, error) {
	if f.device != "" {
		return f.onDevice(key.size)
	}
	if file := f.open[key]; file != nil {
		return file, nil
	}
	name := fmt.Sprintf(dataName, os.Getpid(), strconv.Itoa(f.made))
	file, err := disk.Create(filepath.Join(f.dir, name), key.size)
	if err != nil {
		return nil, err
	}
	f.made++
	f.open[key] = file
	return file, nil
}

// renew drops files whose extents a case of g may have changed; the next case
// gets new ones.
func (f *files) renew(g group) error {
	if !g.workload.Resizes {
		return nil
	}
	for _, key := range g.fileKeys() {
		if err := f.drop(key); err != nil {
			return err
		}
	}
	return nil
}

// remove closes and removes every file.
func (f *files) remove() error {
	var first error
	for key := range f.open {
		if err := f.drop(key); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (f *files) drop(key fileKey) error {
	file := f.open[key]
	delete(f.open, key)
	if file == nil {
		return nil
	}
	return file.Remove()
}
