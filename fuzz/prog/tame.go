package prog

// claimed is the options under which policies claim anything: they make the
// machine another one, and break no rule.
const claimed = Sectors

// Tame changes what no policy claims coherence for, and leaves the rest:
//
//   - direct IO goes by whole pages. Invalidation ignores pins, so that a
//     direct read into a page beside a direct write of another part of it loses
//     data under every policy. For the same reason a direct read does not go
//     into a mapping of a file that is written directly from a mapping: such a
//     write may be short, and what it did not write was invalidated; nor of one
//     that is punched: what is read into a page that punch has dropped is gone,
//     and a direct read, which takes no lock, may see the blocks that punch has
//     not come to yet;
//   - splice and reflink become other reads and writes. The one shares pages of
//     the cache, which in bcachefs are filled without a lock, the other waits
//     there for direct IO while it holds both caches: each has litmus tests;
//   - a file that gets truncated is not read directly. Direct reads take no lock
//     in bcachefs, and may see what lay under the dirty pages dropped;
//   - a buffered read or write does not copy a range onto a part of itself: what
//     that leaves depends on the order of the bytes;
//   - files are truncated to whole pages. What is stored through a mapping behind
//     the end, in the last page, is lost when the file grows again.
//     For the same reason a file whose last page is stored to behind the end
//     ends with that page: what is stored after the gap was cleared and before
//     the file has grown stays in the cache, and not on the disk;
//   - options that break rules of the cache are off, and so is mmap_lock, beside
//     which no policy claims to be free of deadlocks.
func (p *Program) Tame() {
	p.Options.Set &= claimed
	var truncated, gone [MaxFiles]bool // gone: pinned pages may be, before they are read into
	p.eachOp(func(o *Op) {
		truncated[o.File] = truncated[o.File] || o.Kind == Truncate
		gone[o.File] = gone[o.File] || o.Kind == WriteDirect && o.Buf.Mapped || o.Kind == Punch || o.Kind == Zero
	})
	p.eachOp(func(o *Op) {
		if o.Kind == ReadDirect && truncated[o.File] {
			o.Kind = Read
		}
		if o.Kind == ReadDirect && o.Buf.Mapped && gone[o.Buf.File] {
			o.Buf = Buf{}
		}
		o.tame()
		f, off := o.storesTo()
		if end := &p.Files[f].Size; off+o.Len > *end && off < (*end+PageSize-1)/PageSize*PageSize {
			*end = (*end + PageSize - 1) / PageSize * PageSize
		}
	})
}

// storesTo is where the operation stores through a mapping: Len bytes at off of
// a file. Where it stores nothing, off is behind everything.
func (o *Op) storesTo() (file int, off int64) {
	switch {
	case o.Kind == Store, o.Kind == CopyIn:
		return o.File, o.Off
	case o.Kind.Reads() && o.Buf.Mapped:
		return o.Buf.File, o.Buf.Off
	}
	return 0, 1 << 60
}

func (o *Op) tame() {
	switch o.Kind {
	case Truncate:
		o.Len = o.Len / PageSize * PageSize
	case Splice:
		o.Kind, o.Buf = Read, Buf{}
	case Reflink:
		o.Kind, o.Buf = Write, Buf{}
	}
	distance := max(o.Off-o.Buf.Off, o.Buf.Off-o.Off)
	if o.Buf.Mapped && o.Buf.File == o.File && !o.Kind.Sectors() && distance > 0 && distance < o.Len {
		o.Buf = Buf{}
	}
	if o.Kind.Sectors() {
		o.Off = o.Off / PageSize * PageSize
		o.Buf.Off = o.Buf.Off / PageSize * PageSize
		o.Len = (o.Len + PageSize - 1) / PageSize * PageSize
	}
}
