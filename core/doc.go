// Package core is a page cache over a file opened with O_DIRECT, with the lock,
// the task context and the page-fault handler that keep the two coherent. The
// IO paths are written once; a [Policy] decides what is locked when.
//
// # The invariant
//
// Direct IO bypasses the cache. From the moment that a direct write has emptied
// the cache of the range that it writes until its data is on the disk, nobody
// may add a page of that range, and nobody may make one dirty. Then a read that
// begins after the write has returned sees it, whichever way it reads, and
// write-back never puts older data over it. [TwoStateLock] keeps the two sides
// apart: many adders or many blockers, never both (bcachefs'
// pagecache_add_lock).
//
// A direct write also reads its own buffer, which may be a mapping of a file:
//
//	direct write -> get_user_pages -> page fault -> the same lock
//
// So it leaves word in its [Task] which file it holds blocked
// (task_struct.faults_disabled_mapping). The fault handler looks there: the
// same file is an error; a file that may not be waited for is tried, and if
// that fails the handler drops the lock, waits, retakes it, and has the direct
// write invalidate again and retry. See [Task.AddForFault].
//
// # Lock order
//
//	inode lock (i_rwsem) of a file
//	  count of direct IO in flight (truncate and punch wait for it to be 0)
//	    pagecache lock of the file: block, or add
//	      pagecache lock of another file, from a page fault:
//	        while holding add: add in any order (adders do not exclude each other,
//	          and a waiting blocker does not keep new adders out)
//	        while holding block: only in the order of the files' ids, or by try
//	      page lock of one page at a time (writeback tries for further ones)
//	        end of writeback of that page
//	        MMU shootdown: waits for accesses in flight, which hold and take nothing
//	          pool and queue spin locks
//
// Copies to and from a user mapping may fault, so they happen with no page
// locked; what else is held over them is the policy's extent
// (coherence/extent.go).
//
// "No deadlock" is claimed for this order, in which two things have no place.
// mmap_lock ([MM]; a task may be without): get_user_pages takes it inside block,
// and a fault takes block inside it. And a reflink, which blocks two caches.
//
// The invariant says nothing of a direct read that locks nothing, as
// bcachefs' does, beside a truncate: between the dropping of a dirty page and
// the cutting of the file it reads what lay under the page
// (fuzz/litmus/h8-direct-read-beside-truncate.coh), and so it may beside a punch
// that has dropped pages which a direct read had pinned to read into
// (direct-read-into-mapping-beside-punch.coh). Nor of what a mapping stores
// behind the end of a file that grows (store-behind-growing-end.coh).
//
// # What is left out
//
// Readahead on its own account, large folios, memory pressure (pages leave the
// cache by Evict, invalidation and truncate only), and asynchronous direct IO.
// A write-back error is reported once for the file, not once for each
// descriptor.
//
// # Steps
//
// For a scheduler every shared access is a step, named by [sched.Thread.Yield]
// right before it: a page (its place in the cache, flags, references, contents
// and translations), the size, the write-back error, a lock, a sector. Between
// two yields only that one thing is read (KindRead) or changed (any other
// kind); what a step does besides commutes: statistics, pools, and the count
// of direct IO in flight, which is ordered by the inode lock. What is looked
// at in one glance with real threads, such as whether anything is cached, is
// looked at page by page. NameLoc says what a location is.
//
// # Reading order
//
//	lock.go        the two-state lock; rwsem.go, its rival
//	fault.go       the fault handler: where the recursion is broken
//	direct.go      direct reads and writes, which block the cache
//	pin.go         get_user_pages: where the fault handler is called from
//	pinning.go     when a direct write calls it
//	context.go, filesystem.go
//	               where a direct write says what it holds blocked
//	mm.go          mmap_lock
//	kernelpin.go   the same recursion, through the running kernel's own
//	               ('cohbench demo recursion')
//	policy.go      the hooks; then coherence/, a small file for each policy
//	page.go, space.go, filemap.go, writeback.go, invalidate.go
//	               pages and what is done to them
//	buffered.go, truncate.go, vma.go, readahead.go, reflink.go
//	               the other paths
//	options.go     rules broken on purpose, for controls
//	engine.go, model.go, raw.go
//	               what the workloads see
//
// Every wait is in core/sched, which starts the goroutines; page tables are in
// core/mmu, whose fault handlers on real page faults are goroutines as well, but
// work for the task that faulted while it stands still; the disk is core/disk.
package core
