package prog

import (
	"encoding/binary"
	"fmt"
)

// The binary form is for fuzzers: records of fixed width, so that a change of a
// byte changes little, and every sequence of bytes is a program.
//
//	header  2 bytes  options, the lowest first
//	        1        max-pin, low 4 bits; slots, high 4 bits
//	        1        files - 1, low 2 bits; tasks - 1, next 2 bits; tasks 1 to 3
//	                 share the address space of task 0, high bits
//	file    1        pages - 1, low 3 bits; file system, next 2; sectors cut off
//	        3        holes, resident, dirty pages, a bit each
//	record  1        kind of operation; or 0x80 and, for a switch, its task
//	        1        task, file, file of the memory, 2 bits each; memory is a
//	                 mapping; on the whole file
//	        6        offset, length and offset of the memory, in cells
//
// A switch has the number of steps where an operation has its offset and
// length. Numbers are little-endian.
const (
	headerSize = 4
	fileSize   = 4
	recordSize = 8

	// What the binary form can hold.
	codedFiles = 4
	codedTasks = 4
	codedPages = 8
	codedCells = codedPages * PageSize / 8

	switchBit = 0x80
	mappedBit = 0x40
	wholeBit  = 0x80
)

// Decode makes a program of any bytes. It has no conditions, no registers and
// names of its own.
func Decode(data []byte) *Program {
	var head [headerSize + codedFiles*fileSize]byte
	data = data[copy(head[:], data):]
	p := &Program{Name: "fuzzed"}
	p.Options.Set = Option(binary.LittleEndian.Uint16(head[:])) & (1<<numOptions - 1)
	p.Options.MaxPin, p.Options.Slots = int(head[2]&15), int(head[2]>>4)
	for i := range 1 + int(head[3]&3) {
		p.Files = append(p.Files, decodeFile(i, head[headerSize+i*fileSize:]))
	}
	for i := range 1 + int(head[3]>>2&3) {
		t := Task{Name: taskName(i), MM: i}
		if i > 0 && head[3]>>(4+i)&1 != 0 {
			t.MM = 0
		}
		p.Tasks = append(p.Tasks, t)
	}
	for ; len(data) > 0; data = data[min(recordSize, len(data)):] {
		var r [recordSize]byte
		copy(r[:], data)
		p.decodeRecord(r)
	}
	return p
}

func decodeFile(i int, b []byte) File {
	f := File{Name: fileName(i), FS: int(b[0] >> 3 & 3)}
	f.Size = int64(b[0]&7+1)*PageSize - int64(b[0]>>5)*SectorSize
	var holes []Range
	for page := range f.Pages() {
		bit := byte(1) << page
		if b[1]&bit != 0 {
			holes = append(holes, Range{page, page + 1})
		}
		switch {
		case b[3]&bit != 0:
			f.Dirty = append(f.Dirty, page)
		case b[2]&bit != 0:
			f.Resident = append(f.Resident, page)
		}
	}
	f.Holes = merge(holes)
	return f
}

func (p *Program) decodeRecord(r [recordSize]byte) {
	if r[0]&switchBit != 0 {
		after := int64(binary.LittleEndian.Uint32(r[2:]))
		p.Schedule = append(p.Schedule, Switch{After: after, To: int(r[0]&3) % len(p.Tasks)})
		return
	}
	t := &p.Tasks[int(r[1]&3)%len(p.Tasks)]
	if len(t.Ops) < MaxOps {
		t.Ops = append(t.Ops, p.decodeOp(r))
	}
}

func (p *Program) decodeOp(r [recordSize]byte) Op {
	o := Op{Kind: Kind(r[0]) % NumKinds, File: int(r[1]>>2&3) % len(p.Files)}
	cells := func(i int) int64 { return int64(binary.LittleEndian.Uint16(r[i:])) }
	if o.Kind.has(hasSize) {
		o.Len = cells(4) % (codedCells + 1) * 8
		return o
	}
	if !o.Kind.has(hasRange) || o.Kind.has(wholeToo) && r[1]&wholeBit != 0 {
		return o
	}
	unit := o.unit()
	limit := codedPages * PageSize / unit
	o.Off = cells(2) * 8 / unit % limit * unit
	o.Len = max(1, cells(4)*8/unit%(limit+1)) * unit
	if o.Kind.has(hasWord) {
		o.Len = 8
	}
	o.Len = min(o.Len, limit*unit-o.Off)
	if o.Kind.has(isClone) || o.Kind.has(maySource|mayTarget) && r[1]&mappedBit != 0 {
		o.Buf = Buf{Mapped: true, File: int(r[1]>>4&3) % len(p.Files), Off: cells(6) * 8 / unit % limit * unit}
		o.Len = min(o.Len, limit*unit-o.Buf.Off)
	}
	return o
}

// Encode is the binary form, without names, comments, registers and
// conditions. It fails if the program is larger than the form allows.
func (p *Program) Encode() ([]byte, error) {
	if err := p.fits(); err != nil {
		return nil, fmt.Errorf("encode %s: %w", p.Name, err)
	}
	b := make([]byte, headerSize+codedFiles*fileSize, 256)
	binary.LittleEndian.PutUint16(b, uint16(p.Options.Set))
	b[2] = byte(p.Options.MaxPin | p.Options.Slots<<4)
	b[3] = byte(len(p.Files)-1) | byte(len(p.Tasks)-1)<<2
	for i := range p.Files {
		p.Files[i].encode(b[headerSize+i*fileSize:])
	}
	for i := range p.Tasks {
		if i > 0 && p.Tasks[i].MM == 0 {
			b[3] |= 1 << (4 + i)
		}
		for j := range p.Tasks[i].Ops {
			b = p.Tasks[i].Ops[j].encode(b, i)
		}
	}
	for _, s := range p.Schedule {
		r := [recordSize]byte{switchBit | byte(s.To)}
		binary.LittleEndian.PutUint32(r[2:], uint32(s.After))
		b = append(b, r[:]...)
	}
	return b, nil
}

func (f *File) encode(b []byte) {
	cut := (f.Pages()*PageSize - f.Size) / SectorSize
	b[0] = byte(f.Pages()-1) | byte(f.FS)<<3 | byte(cut)<<5
	for _, r := range f.Holes {
		for page := r.Start; page < r.End; page++ {
			b[1] |= 1 << page
		}
	}
	for _, page := range f.Resident {
		b[2] |= 1 << page
	}
	for _, page := range f.Dirty {
		b[3] |= 1 << page
	}
}

func (o *Op) encode(b []byte, task int) []byte {
	r := [recordSize]byte{byte(o.Kind), byte(task | o.File<<2 | o.Buf.File<<4)}
	if o.Buf.Mapped {
		r[1] |= mappedBit
	}
	if o.Len == 0 && !o.Kind.has(hasSize) {
		r[1] |= wholeBit
	}
	binary.LittleEndian.PutUint16(r[2:], uint16(o.Off/8))
	binary.LittleEndian.PutUint16(r[4:], uint16(o.Len/8))
	binary.LittleEndian.PutUint16(r[6:], uint16(o.Buf.Off/8))
	return append(b, r[:]...)
}

// fits says why the binary form cannot hold the program.
func (p *Program) fits() error {
	switch {
	case len(p.Files) < 1 || len(p.Files) > codedFiles:
		return fmt.Errorf("%d files: the binary form has 1 to %d", len(p.Files), codedFiles)
	case len(p.Tasks) < 1 || len(p.Tasks) > codedTasks:
		return fmt.Errorf("%d tasks: the binary form has 1 to %d", len(p.Tasks), codedTasks)
	case p.Options.MaxPin > 15 || p.Options.Slots > 15:
		return fmt.Errorf("max-pin %d, slots %d: the binary form has at most 15", p.Options.MaxPin, p.Options.Slots)
	}
	for i := range p.Files {
		if f := &p.Files[i]; f.Size == 0 || f.Pages() > codedPages || f.Size%SectorSize != 0 || f.FS > 3 {
			return fmt.Errorf("file %s of %d bytes on %d: the binary form has 1 to %d sectors and 4 file systems",
				f.Name, f.Size, f.FS, codedPages*PageSize/SectorSize)
		}
	}
	return p.opsFit()
}

func (p *Program) opsFit() error {
	for i := range p.Tasks {
		t := &p.Tasks[i]
		if t.MM != i && t.MM != 0 {
			return fmt.Errorf("task %s: in the binary form address spaces are shared with the first task", t.Name)
		}
		for j := range t.Ops {
			o := &t.Ops[j]
			if max(o.Off, o.Buf.Off) >= codedCells*8 || max(o.Off, o.Buf.Off)+o.Len > codedCells*8 {
				return fmt.Errorf("task %s, operation %d: the binary form ends at page %d", t.Name, j+1, codedPages)
			}
		}
	}
	for _, s := range p.Schedule {
		if s.After>>32 != 0 {
			return fmt.Errorf("%d steps: the binary form has less than 2^32", s.After)
		}
	}
	return nil
}
