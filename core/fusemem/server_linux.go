//go:build linux && (amd64 || arm64)

package fusemem

import (
	"encoding/binary"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"cohbench/core/mmu"
)

// fileName is the only file.
const fileName = "buffer"

// fileID is its node and inode number.
const fileID = 2

// fileSize is more than will ever be mapped.
const fileSize = 1 << 60

// server is the file system. It belongs to one thread, with a table of
// descriptors of its own, and touches none of the Stopper's memory.
type server struct {
	fuse.RawFileSystem // what is not here says ENOSYS
	protocol           *fuse.ProtocolServer
	dev, link          int
	contents           map[int64][]byte // by page of the file
	waiting            []request
	asked              int64 // the page for which the request at hand must wait; -1: none
	in, out            []byte
}

// request is one that waits for a page of the file.
type request struct {
	page int64
	in   []byte
}

// bufferSize is more than any request or answer has: data goes by pages.
const bufferSize = 128 << 10

// serve starts a server. It has copies of the two descriptors; ended is closed
// when it has closed them.
func serve(dev, link int) (ended chan struct{}, err error) {
	s := &server{RawFileSystem: fuse.NewDefaultRawFileSystem(), dev: dev, link: link, contents: map[int64][]byte{},
		in: make([]byte, bufferSize), out: make([]byte, bufferSize)}
	s.protocol = fuse.NewProtocolServer(s, &fuse.MountOptions{MaxWrite: mmu.PageSize, Logger: log.New(io.Discard, "", 0)})
	ready := make(chan error)
	ended = make(chan struct{})
	onOwnThread(func() {
		defer close(ended)
		if err := s.keepOwnFiles(); err != nil {
			ready <- err
			return
		}
		ready <- nil
		s.run()
		_ = unix.Close(s.dev) // the last: ends the connection (fs/fuse/dev.c: fuse_dev_release)
		_ = unix.Close(s.link)
	})
	return ended, <-ready
}

// onOwnThread runs f on a thread that nothing else runs on, neither before it
// is done nor after. It is not the first, which is how /proc shows the process,
// and which does not end with its goroutine.
func onOwnThread(f func()) {
	first, found := make(chan bool), make(chan struct{})
	body := func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		if unix.Gettid() != unix.Getpid() {
			first <- false
			f()
			return
		}
		first <- true
		<-found // the thread is taken until another has been found
		runtime.UnlockOSThread()
	}
	go body()
	if <-first {
		go body()
		<-first
		close(found)
	}
}

// keepOwnFiles gives the thread a table of descriptors of its own, in which are
// the server's, and none that others expect to be closed when they close them.
// The runtime's stay: it polls the network on any thread.
func (s *server) keepOwnFiles() error {
	if err := unix.Unshare(unix.CLONE_FILES); err != nil {
		return &mmu.UnsupportedError{Feature: feature, Why: "unshare(CLONE_FILES): " + err.Error()}
	}
	const dir = "/proc/thread-self/fd"
	list, err := os.ReadDir(dir)
	if err != nil {
		return &mmu.UnsupportedError{Feature: feature, Why: "the descriptors of a thread: " + err.Error()}
	}
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 || fd == s.dev || fd == s.link {
			continue
		}
		if what, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && what != "anon_inode:[eventpoll]" && what != "anon_inode:[eventfd]" {
			_ = unix.Close(fd)
		}
	}
	return nil
}

// run serves until the Stopper closes its end, or the connection is closed.
func (s *server) run() {
	fds := []unix.PollFd{{Fd: int32(s.dev), Events: unix.POLLIN}, {Fd: int32(s.link), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return
		}
		// First what the Stopper said: it was before anything that it has caused.
		if !s.obey() || !s.next() {
			return
		}
	}
}

// obey does what the Stopper wants. False: it wants nothing more.
func (s *server) obey() bool {
	for {
		n, _, err := unix.Recvfrom(s.link, s.in, unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return true
		case err != nil || n < 8:
			return false
		}
		page := int64(binary.NativeEndian.Uint64(s.in))
		if n == 8 {
			s.forget(page)
		} else if s.contents[page] = slices.Clone(s.in[8:n]); !s.answerWaiting(page) {
			return false
		}
	}
}

// forget drops what is before a page.
func (s *server) forget(before int64) {
	for page := range s.contents {
		if page < before {
			delete(s.contents, page)
		}
	}
}

// answerWaiting answers who waits for a page.
func (s *server) answerWaiting(page int64) bool {
	list := s.waiting
	s.waiting = nil
	for _, r := range list {
		if r.page != page {
			s.waiting = append(s.waiting, r)
		} else if !s.handle(r.in) {
			return false
		}
	}
	return true
}

// next handles a request, if there is one. False: there will be none.
func (s *server) next() bool {
	n, err := unix.Read(s.dev, s.in)
	switch err {
	case nil:
		return s.handle(s.in[:n])
	case unix.EAGAIN, unix.EINTR, unix.ENOENT: // ENOENT: it was taken back
		return true
	}
	return false
}

// handle answers a request, or has it wait.
func (s *server) handle(in []byte) bool {
	s.asked = -1
	n, status := s.protocol.HandleRequest([][]byte{in}, [][]byte{s.out})
	switch {
	case s.asked >= 0:
		s.waiting = append(s.waiting, request{s.asked, slices.Clone(in)})
		_, err := unix.SendmsgN(s.link, binary.NativeEndian.AppendUint64(nil, uint64(s.asked)), nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		return err == nil
	case n == 0:
		return status.Ok() // there is no answer
	}
	_, err := unix.Write(s.dev, s.out[:n])
	return err == nil || err == unix.ENOENT || err == unix.EINTR // ENOENT: nobody waits any more
}

// String is the name of the file system.
func (s *server) String() string { return "cohbench" }

// Lookup finds the only file.
func (s *server) Lookup(_ <-chan struct{}, _ *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if name != fileName {
		return fuse.ENOENT
	}
	out.NodeId, out.EntryValid, out.AttrValid = fileID, forLong, forLong
	out.Attr = attributes(fileID)
	return fuse.OK
}

// forLong is how many seconds the kernel needs not ask again.
const forLong = 1 << 40

// GetAttr says what the file and the root are.
func (s *server) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	out.AttrValid, out.Attr = forLong, attributes(in.NodeId)
	return fuse.OK
}

func attributes(node uint64) fuse.Attr {
	a := fuse.Attr{Ino: node, Nlink: 1, Blksize: mmu.PageSize, Owner: fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}}
	if node == fileID {
		a.Mode, a.Size = unix.S_IFREG|0o400, fileSize
	} else {
		a.Mode = unix.S_IFDIR | 0o500
	}
	return a
}

// Read is a fault that stops.
func (s *server) Read(_ <-chan struct{}, in *fuse.ReadIn, _ []byte) (fuse.ReadResult, fuse.Status) {
	page := int64(in.Offset / mmu.PageSize)
	data, ok := s.contents[page]
	if !ok {
		s.asked = page
		return nil, fuse.EAGAIN
	}
	return fuse.ReadResultData(data[:min(len(data), int(in.Size))]), fuse.OK
}
