// Package fusemem makes memory for the buffer of a system call which stops in
// the middle of the call, as mmu.Stopper does, where the kernel gives no
// userfaultfd for its own faults, but FUSE.
//
// The pages to stop at are mapped from a file whose file system is this
// program: the kernel's fault asks for the page (mm/filemap.c: filemap_fault,
// fs/fuse/file.c: fuse_do_readfolio) and is answered when whoever holds the call
// wants it to go on. Each time a page is to be missing it is another page of the
// file, which is as long as files get, so that no page cache answers instead.
// The invariant: the file's page n is asked for by nobody before it is mapped,
// and once it has been answered it stays what it was.
//
// A program that is its own file system must not be killed in the middle: the
// kernel waits for an answer that is under way whatever signal comes
// (fs/fuse/dev.c: request_wait_answer), and does not give up before the last
// descriptor of /dev/fuse is closed, which the waiting thread itself keeps open.
// Such a process cannot be killed, nor can the file that it writes to be locked
// again. So the descriptor is in a table of descriptors of its own, that of the
// one thread which serves the file system (unshare(2), CLONE_FILES): when the
// process ends, however it does, that thread ends, the connection with it, and
// every call that waits fails.
//
// There is nothing else to share, and there are no locks: that thread and the
// Stopper exchange messages over a socket.
//
// The mount is attached nowhere (fsmount(2)), so nothing can be left behind.
// Who may not mount asks fusermount3(1), which needs a directory for a moment.
package fusemem
