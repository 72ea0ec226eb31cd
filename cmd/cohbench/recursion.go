package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// recursion is a file of a model engine, one of whose pages a task writes
// directly from another.
type recursion struct {
	withoutContext bool
	trace          *trace
	disk           *disk.File
	memory         mmu.Memory
	file           *core.AddressSpace
	group          *sched.Group
	writer         *core.Task
	mapping        core.Mapping
	want           []byte // what the file is to hold in the end
}

// The pages of the file. The target's first page is cached, so that there is
// something to invalidate; of the source the first page is cached and newer
// than the disk, the second is in no cache: get_user_pages gets half of it.
const (
	recursionPages = 8
	target, source = 0, 4
	moved          = 2
)

// newRecursion makes the file, with its numbers written to the disk.
func newRecursion(dir string, withoutContext bool, tr *trace) (*recursion, error) {
	r := &recursion{withoutContext: withoutContext, trace: tr, group: sched.NewGroup(), want: disk.Block(recursionPages * core.PageSize)}
	for i := 0; i < len(r.want); i += 8 {
		binary.LittleEndian.PutUint64(r.want[i:], uint64(i))
	}
	r.writer = core.NewTask(r.group.Thread("writer"))
	var err error
	if r.memory, err = mmu.NewUserfaultfd(kernelFaults); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, fmt.Sprintf("cohbench-demo-%d.dat", os.Getpid()))
	if r.disk, err = disk.Create(path, int64(len(r.want))); err != nil {
		return nil, errors.Join(err, r.memory.Close())
	}
	if _, err = r.disk.WriteAt(r.writer.Thread, r.want, 0); err == nil {
		err = r.disk.Sync(r.writer.Thread)
	}
	if err != nil {
		return nil, errors.Join(err, r.memory.Close(), r.disk.Remove())
	}
	r.file = core.NewAddressSpace(tr.policy(r.policy()), r.disk, &traceMemory{r.memory, tr, r}, core.Options{})
	return r, nil
}

func (r *recursion) policy() *core.Policy {
	if r.withoutContext {
		return coherence.AddLockNoFDM
	}
	return coherence.AddLock
}

// String is the scene.
func (r *recursion) String() string {
	return fmt.Sprintf("%s: %s, engine %s, %d pages of %d bytes on %s\n"+
		"writer: one task; its direct write goes to pages %s, from a mapping of pages %s of the same file\n"+
		"page %d is cached and newer than the disk, page %d is not cached\n",
		r.file, r.disk.Path(), r.policy().Name, recursionPages, core.PageSize, r.disk.Probe().FSType,
		pagesText(target), pagesText(source), source, source+1)
}

func pagesText(first int) string { return fmt.Sprintf("%d and %d", first, first+moved-1) }

// bytesOf is the pages of want from first on, as many as are moved.
func (r *recursion) bytesOf(first int) []byte {
	return r.want[first*core.PageSize : (first+moved)*core.PageSize]
}

// run is the demo; nothing is left of it.
func (r *recursion) run() error {
	err := r.demonstrate()
	if err == nil {
		err = r.verify()
	}
	end := core.NewTask(sched.NewGroup().Thread("end"))
	if r.mapping != nil {
		err = errors.Join(err, r.mapping.Unmap(end))
	}
	return errors.Join(err, r.file.Close(end), r.disk.Remove())
}

// demonstrate sets the scene and has the writer write.
func (r *recursion) demonstrate() (err error) {
	if r.mapping, err = r.file.Map(r.writer, 0, int64(len(r.want))); err != nil {
		return err
	}
	if _, err := r.mapping.Load(r.writer, target*core.PageSize); err != nil {
		return err
	}
	const news = 0xc0b
	if err := r.mapping.Store(r.writer, source*core.PageSize, news); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(r.want[source*core.PageSize:], news)

	r.trace.on.Store(true)
	b := core.Buffer{Map: r.mapping, Off: source * core.PageSize, Len: moved * core.PageSize}
	_, err = r.file.WriteDirectKernelPin(r.writer, b, target*core.PageSize)
	r.trace.on.Store(false)
	return r.judge(err)
}

// judge says whether the write ended as it should have.
func (r *recursion) judge(err error) error {
	s := r.writer.Stats
	switch deadlock := (*sched.Deadlock)(nil); {
	case !r.withoutContext && err != nil:
		return err
	case !r.withoutContext && s.EFAULT == 0:
		return errors.New("the write succeeded at once: no fault was refused")
	case !r.withoutContext:
		r.trace.say("writer", "done: refused with EFAULT %d time(s), all of it written again after each", s.EFAULT)
		copy(r.bytesOf(target), r.bytesOf(source))
		return nil
	case !errors.As(err, &deadlock) || !errors.Is(err, syscall.EFAULT):
		return fmt.Errorf("without the task context the write should have deadlocked: %w", err)
	}
	return r.writeAfterAll()
}

// writeAfterAll shows that the write which was cancelled has left nothing
// locked: another task can do it, from memory of its own.
func (r *recursion) writeAfterAll() error {
	mem := disk.Block(moved * core.PageSize)
	copy(mem, r.bytesOf(source))
	copy(r.bytesOf(target), mem)
	other := core.NewTask(sched.NewGroup().Thread("other"))
	if _, err := r.file.WriteDirect(other, core.Buffer{Mem: mem}, target*core.PageSize); err != nil {
		return err
	}
	r.trace.say("other", "another task writes the same from memory of its own: nothing was left locked")
	return nil
}

// verify reads the file in every way there is.
func (r *recursion) verify() error {
	t := core.NewTask(sched.NewGroup().Thread("verify"))
	if err := r.file.Sync(t); err != nil {
		return err
	}
	views := []struct {
		name string
		read func(p []byte) (int, error)
	}{
		{"direct", func(p []byte) (int, error) { return r.file.ReadDirect(t, core.Buffer{Mem: p}, 0) }},
		{"buffered", func(p []byte) (int, error) { return r.file.ReadAt(t, core.Buffer{Mem: p}, 0) }},
		{"mapped", func(p []byte) (int, error) { return r.mapping.ReadAt(t, p, 0) }},
		{"other programs'", func(p []byte) (int, error) {
			b, err := os.ReadFile(r.disk.Path())
			return copy(p, b), err
		}},
	}
	for _, v := range views {
		p := disk.Block(len(r.want))
		if n, err := v.read(p); err != nil || n < len(p) {
			return fmt.Errorf("%s read: %d bytes, %w", v.name, n, err)
		}
		if !bytes.Equal(p, r.want) {
			return fmt.Errorf("%s read: pages %s do not hold what pages %s hold", v.name, pagesText(target), pagesText(source))
		}
	}
	r.trace.say("verify", "direct, buffered and mapped reads, and those of other programs, agree: pages %s hold what pages %s hold",
		pagesText(target), pagesText(source))
	return nil
}

// watch looks for a deadlock, and ends it.
func (r *recursion) watch() {
	if r.group.Err() != nil {
		return
	}
	if d := r.group.Deadlock(); d != nil {
		r.trace.say("watch", "%s", strings.ReplaceAll(d.String(), "\n  ", "\n             "))
		r.trace.say("watch", "cancels it; the kernel's thread waits for the answer to its fault")
		r.group.Cancel(d)
	}
}

// landed is how many pages of the target hold the new data.
func (r *recursion) landed() (n int) {
	p := disk.Block(moved * core.PageSize)
	if err := r.disk.ReadAt(r.writer.Thread, p, target*core.PageSize); err != nil {
		return 0
	}
	for i := range moved {
		page := p[i*core.PageSize : (i+1)*core.PageSize]
		if bytes.Equal(page, r.bytesOf(source)[i*core.PageSize:][:core.PageSize]) {
			n++
		}
	}
	return n
}
