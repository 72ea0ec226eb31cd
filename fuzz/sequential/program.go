package sequential

import (
	"fmt"

	"cohbench/core"
	"cohbench/core/disk"
)

// Bounds of a program. The file is small enough for pages to meet often.
const (
	tasks    = 3
	maxOps   = 256
	maxPages = 8
	maxSize  = maxPages * core.PageSize
	sectors  = maxSize / disk.SectorSize
	opSize   = 4
)

// kind is an operation. Its values are the format's and must not change.
type kind uint8

const (
	tryAdd kind = iota
	unadd
	tryBlock
	unblock
	readBuffered
	writeBuffered
	readDirect
	writeDirect
	load
	store
	truncate
	punchHole
	syncFile
	evict
	readMapped  // copy out of the mapping
	writeMapped // copy into the mapping
)

func (k kind) String() string {
	return [...]string{"try-add", "unadd", "try-block", "unblock", "read", "write", "read-direct", "write-direct",
		"load", "store", "truncate", "punch-hole", "sync", "evict", "read-mapped", "write-mapped"}[k]
}

// op is one operation of one task.
type op struct {
	kind kind
	task int
	lock int   // which lock
	off  int64 // bytes
	n    int64 // bytes
	size int64 // for truncate

	// For reads and writes: the memory is the mapping at src.
	mapped bool
	src    int64
	touch  bool // load from each page of the buffer first
}

func (o op) String() string {
	s := fmt.Sprintf("task %d: %s", o.task, o.kind)
	switch o.kind {
	case tryAdd, unadd, tryBlock, unblock:
		return fmt.Sprintf("%s lock %d", s, o.lock)
	case syncFile:
		return s
	case truncate:
		return fmt.Sprintf("%s to %#x", s, o.size)
	}
	s += fmt.Sprintf(" [%#x, %#x)", o.off, o.off+o.n)
	if o.mapped {
		s += fmt.Sprintf(", buffer mapping [%#x, %#x)", o.src, o.src+o.n)
	}
	if o.touch {
		s += " touched before"
	}
	return s
}

// program is what a fuzzer's input stands for.
type program struct {
	engine byte
	size   int64
	ops    []op
}

// parse decodes an input. Every input is a program.
func parse(data []byte) program {
	var p program
	if len(data) > 0 {
		p.engine = data[0]
	}
	if len(data) > 1 {
		p.size = int64(data[1]) * 257 % maxSize
	}
	for data = data[min(2, len(data)):]; len(data) > 0 && len(p.ops) < maxOps; data = data[min(opSize, len(data)):] {
		var r [opSize]byte
		copy(r[:], data)
		p.ops = append(p.ops, decode(r))
	}
	return p
}

// decode makes an operation of its four bytes.
func decode(r [opSize]byte) op {
	o := op{kind: kind(r[0] & 15), task: int(r[0]>>4&3) % tasks, lock: int(r[1] & 1)}
	bytes := int64(r[1])<<8 | int64(r[2])
	switch o.kind {
	case readDirect, writeDirect:
		o.off = int64(r[1]) % sectors * disk.SectorSize
		o.n = (1 + int64(r[2])%24) * disk.SectorSize
		o.mapped, o.touch = r[3]&1 != 0, r[3]&2 != 0
		o.src = int64(r[3]>>2) % sectors * disk.SectorSize
	case load, store:
		o.off, o.n = bytes%maxSize&^7, 8
	case truncate:
		o.size = bytes % maxSize
	case readBuffered, writeBuffered:
		o.off, o.n = bytes%maxSize, 1+int64(r[3]>>1)*67
		o.mapped, o.src = r[3]&1 != 0, (bytes+maxSize/2)%maxSize
	default:
		o.off, o.n = bytes%maxSize, 1+int64(r[3])*37
	}
	o.n = min(o.n, maxSize-o.off)
	return o
}
