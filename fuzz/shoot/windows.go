package shoot

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/kernelfs"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// Windows is what holding a direct write is worth on a file system.
type Windows struct {
	Held bool   `json:"held"`
	Why  string `json:"why"`
}

// errNoStop is a kernel that does not fault buffers in.
var errNoStop = errors.New("a direct write does not stop at a page of its buffer that is missing")

// Probe finds out whether a direct write that stops at its buffer stops inside
// of its window: after the cached pages of its range have gone, and in the
// pinning of its buffer rather than before its locks. That is seen from outside:
// what came before the stop at the second page is in no cache, and a page that
// was pinned is not asked for again when it is taken away.
// What the first file holds is lost. Preconditions: there is a Stopper.
func (s *Shooter) Probe() (Windows, error) {
	path := s.Backings[0].Path
	g := sched.NewGroup()
	t := core.NewTask(g.Thread("probe"))
	f, err := s.Engine.Open(g, s.Backings[0])
	if err != nil {
		return Windows{}, err
	}
	p := prober{s: s, file: f, src: disk.Block(2 * prog.PageSize)}
	w, err := p.probe(t, path)
	if err = errors.Join(err, f.Close(t)); err != nil {
		return w, fmt.Errorf("probe whether direct writes to %s can be held: %w", path, err)
	}
	return w, nil
}

// prober is one probe.
type prober struct {
	s      *Shooter
	file   core.File
	src    []byte
	native kernelfs.Native
}

func (p *prober) probe(t *core.Task, path string) (w Windows, err error) {
	if _, err := p.file.WriteAt(t, core.Buffer{Mem: p.src}, 0); err != nil {
		return w, err
	}
	if err := p.file.Sync(t); err != nil {
		return w, err
	}
	if p.native, err = kernelfs.OpenNative(path); err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, p.native.Close()) }()
	if err := p.native.Touch([]int64{0}); err != nil {
		return w, err
	}
	mem, err := p.s.Stopper.Arm(p.src, 0, 1)
	if err != nil {
		return w, err
	}
	done := make(chan error, 1)
	go func() {
		writer := core.NewTask(sched.NewGroup().Thread("held"))
		_, err := p.file.WriteDirect(writer, core.Buffer{Mem: mem}, 0)
		done <- err
	}()
	w, err = p.watch(done)
	return w, err
}

// watch answers the stops of the write until it has returned.
func (p *prober) watch(done <-chan error) (Windows, error) {
	w, told := Windows{}, 0
	var errs error
	for range stopTries {
		page, ok, err := p.s.Stopper.Wait(1)
		errs = errors.Join(errs, err)
		if ok {
			told++
			errs = errors.Join(errs, p.stop(&w, told, page))
		}
		select {
		case err := <-done:
			if told == 0 && err == nil && errs == nil {
				err = errNoStop
			}
			return w, errors.Join(err, errs)
		default:
		}
	}
	return w, errors.Join(errs, errors.New("the write does not return"))
}

// stop is the stop number n.
func (p *prober) stop(w *Windows, n int, page int64) error {
	var err error
	switch {
	case n == 1:
		if p.native.Gone([]int64{0}) == nil {
			w.Held, w.Why = true, "it stops after its first invalidation, pinning its buffer"
		} else {
			w.Why = "it reads its buffer before it has invalidated anything, as buffered writes do"
		}
	case n == 2:
		if w.Held && p.native.Gone([]int64{0}) != nil {
			w.Held, w.Why = false, "where its buffer is missing it becomes a buffered write, which faults it in without locks"
		}
		err = p.s.Stopper.Empty(0)
	case w.Held:
		w.Held, w.Why = false, "it faults its buffer in outside of its locks, and begins anew"
	}
	return errors.Join(err, p.s.Stopper.Fill(page))
}
