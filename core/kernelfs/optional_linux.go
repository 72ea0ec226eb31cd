package kernelfs

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"cohbench/core"
)

// Writeback implements core.Flusher: sync_file_range(2), which writes dirty
// pages and waits, and flushes no disk. To a file of overlayfs it does nothing,
// as the pages are another file's; fsync(2) gets through. An error that either
// meets is Sync's to report: that has a descriptor of its own.
func (f *file) Writeback(_ *core.Task, off, n int64) error {
	const flags = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	if n <= 0 {
		return nil // to sync_file_range, 0 bytes are all to the end
	}
	flush := func() error { return unix.SyncFileRange(f.cached, off, n, flags) }
	if f.overlay {
		flush = func() error { return unix.Fsync(f.cached) }
	}
	err := retry(flush)
	if err != nil && err != unix.EIO {
		return f.failed("write back", off, int(n), err)
	}
	return nil
}

// Readahead implements core.Readaheader: posix_fadvise(2), WILLNEED.
func (f *file) Readahead(_ *core.Task, off, n int64) error {
	if err := unix.Fadvise(f.cached, off, n, unix.FADV_WILLNEED); err != nil {
		return f.failed("read ahead", off, int(n), err)
	}
	return nil
}

// SpliceRead implements core.Splicer: splice(2) into a pipe of its own, in the
// portions that the pipe takes, each read at once.
func (f *file) SpliceRead(t *core.Task, b core.Buffer, off int64) (n int, err error) {
	p, err := memory(b)
	if err != nil {
		return 0, err
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return 0, fmt.Errorf("pipe2(2): %w", err)
	}
	defer func() { err = errors.Join(err, unix.Close(pipe[0]), unix.Close(pipe[1])) }()
	f.exposed.BeginAccess(t, off, int64(len(p)))
	defer f.exposed.EndAccess(t)
	n, err = readFull(p, off, 1, func(p []byte, off int64) (int, error) {
		k, err := unix.Splice(f.cached, &off, pipe[1], nil, min(len(p), MaxPin*core.PageSize), 0)
		if err != nil || k == 0 {
			return 0, err
		}
		return unix.Read(pipe[0], p[:k])
	})
	if err != nil {
		return n, f.failed("splice", off, len(p), err)
	}
	return n, nil
}
