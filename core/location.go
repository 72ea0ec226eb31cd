package core

import (
	"fmt"

	"cohbench/core/sched"
)

// The locations of an address space for a scheduler: its number, shifted, and
// one of these, or firstPage and the index of a page.
const (
	locPagecache = 1 + iota
	locInode
	locDirect
	locSize
	locError
	firstPage = 16

	locShift = 40
)

var partNames = [firstPage]string{
	locPagecache: "pagecache lock",
	locInode:     "inode lock",
	locDirect:    "count of direct IO in flight",
	locSize:      "size",
	locError:     "write-back error",
}

// part is what belongs to the file as a whole.
func (m *AddressSpace) part(n uint64) sched.Loc { return sched.Loc(m.id<<locShift | n) }

// loc is page idx of this file.
func (m *AddressSpace) loc(idx PageIndex) sched.Loc { return m.part(uint64(idx) + firstPage) }

// nameLocks makes the locks of the file known to the wait-for graph and to
// schedulers.
func (m *AddressSpace) nameLocks() {
	if m.pagecache != nil {
		m.name(m.pagecache.Object(), locPagecache)
	}
	m.name(m.inode.Object(), locInode)
	m.name(&m.directObj, locDirect)
}

func (m *AddressSpace) name(o *sched.Object, n uint64) {
	*o = sched.Object{Name: partNames[n], Owner: m, ID: uint64(m.part(n))}
}

// Number gives the file a number of its case instead of one drawn from all
// files ever made: its place in the lock order, and its locations, which are
// then the same in each run of the case. Numbers begin at 1, and no two files
// of a case share one.
//
// Preconditions: nobody has used the file.
func (m *AddressSpace) Number(id uint64) {
	m.id = id
	m.nameLocks()
}

// String names the file in reports.
func (m *AddressSpace) String() string { return fmt.Sprintf("file %d", m.id) }

// NameLoc says what a location of this file is, or false if it is none of its
// own.
func (m *AddressSpace) NameLoc(loc sched.Loc) (string, bool) {
	if uint64(loc)>>locShift != m.id {
		return "", false
	}
	n := uint64(loc) & (1<<locShift - 1)
	switch {
	case n >= firstPage:
		return fmt.Sprintf("page %d of %s", n-firstPage, m), true
	case partNames[n] != "":
		return partNames[n] + " of " + m.String(), true
	}
	return "", false
}

// LocSort is what a location is about, whichever file, page, disk or process
// has it.
type LocSort uint16

// Sorts beside the parts of a file, which are their own.
const (
	sortPage LocSort = firstPage + iota
	sortDisk
	sortSlot
	sortMM
	sortOther
	// LocSorts is how many sorts there are.
	LocSorts = int(sortOther) + 1
)

// SortLoc tells the sort of a location.
func SortLoc(loc sched.Loc) LocSort {
	switch top := loc >> 48; top {
	case 0:
		if loc>>locShift == 0 { // of no file
			return 0
		}
		return LocSort(min(uint64(loc)&(1<<locShift-1), firstPage))
	case fsLocs >> 48:
		return sortSlot
	case mmLocs >> 48:
		return sortMM
	case sched.LocAny >> 48:
		return sortOther
	}
	return sortDisk
}

// PagecacheLock and InodeLock say what the lock is that a location stands for.
func (s LocSort) PagecacheLock() bool { return s == locPagecache }
func (s LocSort) InodeLock() bool     { return s == locInode }

// String names the sort.
func (s LocSort) String() string {
	switch s {
	case sortPage:
		return "page"
	case sortDisk:
		return "disk"
	case sortSlot:
		return "slot"
	case sortMM:
		return "mmap_lock"
	case sortOther:
		return "anything"
	case 0:
		return "nothing shared"
	}
	return partNames[s]
}
