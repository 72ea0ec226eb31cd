package repro

import (
	"fmt"
	"iter"
	"strings"

	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// sourceOp is one operation in C.
type sourceOp struct {
	ID      string // also the name of its function
	Text    string
	Task    string
	At      string // members of a struct extent
	Flags   string
	Guarded bool // it may meet SIGBUS or SIGSEGV
	Body    []string
}

// numbered is an operation and where it stands.
type numbered struct {
	*prog.Op
	task, index int
}

// mapped reports whether the operation is about the mapping of its file.
func (op numbered) mapped() bool {
	return op.access() || op.Kind == prog.Map || op.Kind == prog.Unmap
}

// access reports whether it is plain loads or stores.
func (op numbered) access() bool {
	switch op.Kind {
	case prog.Load, prog.Store, prog.CopyOut, prog.CopyIn:
		return true
	}
	return false
}

// all is the operations, task by task.
func (s *source) all() iter.Seq[numbered] {
	return func(yield func(numbered) bool) {
		for t := range s.p.Tasks {
			for i := range s.p.Tasks[t].Ops {
				if !yield(numbered{&s.p.Tasks[t].Ops[i], t, i}) {
					return
				}
			}
		}
	}
}

// id is the name of an operation: its task and its number there, from 1.
func (s *source) id(task, op int) string {
	return fmt.Sprintf("%s_%d", s.p.Tasks[task].Name, op+1)
}

func (s *source) addOps() {
	for op := range s.all() {
		x := &sourceOp{
			ID: s.id(op.task, op.index), Task: s.p.Tasks[op.task].Name,
			Text: s.p.Tasks[op.task].Name + ": " + s.p.OpString(op.Op),
			At:   s.extent(op.File, op.Off, op.Len), Flags: flagsOf(op), Guarded: s.Faults && op.access(),
		}
		if op.Kind == prog.Truncate {
			x.At = fmt.Sprintf("file_%s, %s, FOREVER", s.p.Files[op.File].Name, s.at(op.File, op.Len))
		}
		if s.Stops > 0 && s.order.Held == (exec.OpRef{Task: op.task, Op: op.index}) {
			s.Held = x
			x.Body = s.heldBody(op)
		} else {
			x.Body = s.body(op, x.ID)
		}
		s.Ops = append(s.Ops, x)
		s.exempt(op)
	}
	if s.Stops == 2 {
		op := s.heldOp()
		s.Exempt = append(s.Exempt, fmt.Sprintf("file_%s, %s, PADDING * PAGE", s.p.Files[op.File].Name, bytes(op.Off+op.Len, false)))
	}
}

func flagsOf(op numbered) string {
	var list []string
	switch {
	case op.Kind == prog.Truncate || op.Kind == prog.Punch || op.Kind == prog.Zero:
		list = append(list, ".zeroes = true,")
	case op.Kind.Writes():
		list = append(list, ".writes = true,")
	case op.Kind.Reads() && !op.Buf.Mapped:
		list = append(list, ".reads = true,")
	}
	return strings.Join(list, " ")
}

// exempt leaves out what holds copies: words of another place.
func (s *source) exempt(op numbered) {
	switch {
	case !op.Buf.Mapped && op.Kind != prog.Reflink:
	case op.Kind.Reads():
		s.Exempt = append(s.Exempt, s.extent(op.Buf.File, op.Buf.Off, op.Len))
	default:
		s.Exempt = append(s.Exempt, s.extent(op.File, op.Off, op.Len))
	}
}

// heldBody is the statements of the direct IO that is held.
func (s *source) heldBody(op numbered) []string {
	call := "pwrite"
	if op.Kind == prog.ReadDirect {
		call = "pread"
	}
	file := "files[file_" + s.p.Files[op.File].Name + "].direct"
	if s.Stops == 2 {
		return []string{
			fmt.Sprintf("long moved = %sv(%s, held.parts, PADDING + 1, %s);", call, file, s.at(op.File, op.Off)),
			"",
			"return moved < 0 ? moved : moved - PADDING * PAGE;",
		}
	}
	return []string{fmt.Sprintf("return %s(%s, held.missing, %s, %s);", call, file, s.length(op.File, op.Off, op.Len), s.at(op.File, op.Off))}
}

// body is the statements of an operation.
func (s *source) body(op numbered, id string) []string {
	off, n := s.at(op.File, op.Off), s.length(op.File, op.Off, op.Len)
	file := "files[file_" + s.p.Files[op.File].Name + "]"
	memory := "ops[" + id + "].memory"
	if op.Buf.Mapped && op.Kind != prog.Reflink {
		memory = s.mapping(s.p.Tasks[op.task].MM, op.Buf.File) + " + " + s.at(op.Buf.File, op.Buf.Off)
	}
	switch op.Kind {
	case prog.Read:
		return lines("return pread(%s.cached, %s, %s, %s);", file, memory, n, off)
	case prog.Write:
		return lines("return pwrite(%s.cached, %s, %s, %s);", file, memory, n, off)
	case prog.ReadDirect:
		return lines("return pread(%s.direct, %s, %s, %s);", file, memory, n, off)
	case prog.WriteDirect:
		return lines("return pwrite(%s.direct, %s, %s, %s);", file, memory, n, off)
	case prog.Truncate:
		return lines("return ftruncate(%s.cached, %s);", file, s.at(op.File, op.Len))
	case prog.Punch:
		return lines("return fallocate(%s.cached, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, %s, %s);", file, off, n)
	case prog.Zero:
		return lines("return fallocate(%s.cached, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, %s, %s);", file, off, n)
	case prog.Sync:
		return lines("return fsync(%s.cached);", file)
	case prog.Writeback:
		return lines("return sync_file_range(%s.cached, %s, %s,\n\t\t\t       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);", file, off, n)
	case prog.Readahead:
		return lines("return readahead(%s.cached, %s, %s);", file, off, s.reach(op))
	case prog.Evict:
		return s.evict(op, file, off, n)
	case prog.Splice:
		return s.splice(file, off, n, memory)
	case prog.Reflink:
		return s.reflink(op, file, off, n)
	}
	return s.mappedBody(op, id, off, n, memory)
}

// lines is one statement; %s stands for the arguments.
func lines(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

// reach is the length of an operation that may be about the whole file.
func (s *source) reach(op numbered) string {
	if op.Len == 0 {
		return s.at(op.File, s.p.Files[op.File].Size)
	}
	return s.length(op.File, op.Off, op.Len)
}

// evict also takes the pages out of the mappings: cached pages in use stay.
func (s *source) evict(op numbered, file, off, n string) []string {
	var list []string
	for mm := range s.p.Tasks {
		if s.uses(mm, op.File) {
			list = append(list, fmt.Sprintf("madvise(%s, %s, MADV_DONTNEED);", s.mapping(mm, op.File), s.at(op.File, s.span(op.File))))
		}
	}
	return append(list,
		fmt.Sprintf("errno = posix_fadvise(%s.cached, %s, %s, POSIX_FADV_DONTNEED);", file, off, n),
		"return errno ? -1 : 0;")
}

// splice reads what went through a pipe, without a copy up to there.
func (s *source) splice(file, off, n, memory string) []string {
	return []string{
		"int ends[2];",
		"loff_t at = " + off + ";",
		"long moved;",
		"",
		"if (pipe(ends))",
		"\treturn -1;",
		fmt.Sprintf("moved = splice(%s.cached, &at, ends[1], NULL, %s, 0);", file, n),
		"if (moved > 0)",
		fmt.Sprintf("\tmoved = read(ends[0], %s, moved);", memory),
		"close(ends[0]);",
		"close(ends[1]);",
		"return moved;",
	}
}

func (s *source) reflink(op numbered, file, off, n string) []string {
	return []string{
		"struct file_clone_range range = {",
		fmt.Sprintf("\t.src_fd = files[file_%s].cached,", s.p.Files[op.Buf.File].Name),
		fmt.Sprintf("\t.src_offset = %s, .src_length = %s, .dest_offset = %s,", s.at(op.Buf.File, op.Buf.Off), n, off),
		"};",
		"",
		fmt.Sprintf("return ioctl(%s.cached, FICLONERANGE, &range) ? -1 : %s;", file, n),
	}
}

// mappedBody is the statements of an operation on the mapping of its file.
func (s *source) mappedBody(op numbered, id, off, n, memory string) []string {
	m := s.mapping(s.p.Tasks[op.task].MM, op.File)
	switch op.Kind {
	case prog.Load:
		return append(lines("uint64_t w = *(volatile uint64_t *)(%s + %s);", m, off), "",
			fmt.Sprintf("memcpy(%s, &w, 8);", memory), "return 8;")
	case prog.Store:
		return append(lines("*(volatile uint64_t *)(%s + %s) = word(%s, file_%s, %s);", m, off, id, s.p.Files[op.File].Name, off),
			"return 8;")
	case prog.CopyOut:
		return append(lines("memcpy(%s, %s + %s, %s);", memory, m, off, n), "return "+n+";")
	case prog.CopyIn:
		return append(lines("memcpy(%s + %s, %s, %s);", m, off, memory, n), "return "+n+";")
	case prog.Unmap:
		return []string{"char *old = " + m + ";", "", m + " = NULL;",
			fmt.Sprintf("return old ? munmap(old, %s) : 0;", s.at(op.File, s.span(op.File)))}
	}
	return []string{
		"if (!" + m + ")",
		fmt.Sprintf("\t%s = mmap(NULL, %s, PROT_READ | PROT_WRITE, MAP_SHARED, files[file_%s].cached, 0);",
			m, s.at(op.File, s.span(op.File)), s.p.Files[op.File].Name),
		"if (" + m + " == MAP_FAILED) {",
		"\t" + m + " = NULL;",
		"\treturn -1;",
		"}",
		"return 0;",
	}
}
