package bench

import (
	"path/filepath"
	"testing"
	"time"

	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// BenchmarkOracleOverhead is one thread that writes, or reads, 4 KiB directly,
// bare and with everything that the oracle adds: stamps, ticks, publication,
// checks.
func BenchmarkOracleOverhead(b *testing.B) {
	const block, size = 4096, 4 << 20
	f, err := disk.Create(filepath.Join(directDir(b), "oracle.dat"), size)
	if err != nil {
		b.Skip(err)
	}
	defer f.Remove()
	l := &overheadLoop{
		file: f, thread: sched.NewGroup().Thread("bench"),
		buf: disk.Block(block), size: size, epoch: time.Now(),
	}
	o := oracle.New(oracle.Config{Size: size, Block: block, Writers: 1, Clock: new(oracle.Clock), Now: l.now})
	l.writer, l.reader = o.Writer(1), o.Reader()
	for l.off < size-block { // so that no extent is unwritten
		l.stampedWrite(b)
	}
	b.Run("op=write/oracle=off", func(b *testing.B) { l.run(b, l.bareWrite) })
	b.Run("op=write/oracle=on", func(b *testing.B) { l.run(b, l.stampedWrite) })
	b.Run("op=read/oracle=off", func(b *testing.B) { l.run(b, l.bareRead) })
	for range size / block { // bare writes have left old stamps
		l.stampedWrite(b)
	}
	b.Run("op=read/oracle=on", func(b *testing.B) { l.run(b, l.checkedRead) })
	if c := l.reader.Counts; c.Stale|c.Torn|c.Nowhere != 0 {
		b.Errorf("a lone writer looks incoherent: %+v", c)
	}
}

type overheadLoop struct {
	file   *disk.File
	thread *sched.Thread
	writer *oracle.Writer
	reader *oracle.Reader
	buf    []byte
	off    int64 // of the last operation
	size   int64
	epoch  time.Time
}

func (l *overheadLoop) now() int64 { return int64(time.Since(l.epoch)) }

func (l *overheadLoop) run(b *testing.B, op func(*testing.B)) {
	b.SetBytes(int64(len(l.buf)))
	b.ReportAllocs()
	for b.Loop() {
		op(b)
	}
}

func (l *overheadLoop) next() { l.off = (l.off + int64(len(l.buf))) % l.size }

func (l *overheadLoop) bareWrite(b *testing.B) {
	l.next()
	if _, err := l.file.WriteAt(l.thread, l.buf, l.off); err != nil {
		b.Fatal(err)
	}
}

func (l *overheadLoop) stampedWrite(b *testing.B) {
	l.next()
	l.writer.Begin(l.off, int64(len(l.buf)))
	l.writer.Fill(l.buf, l.off)
	if _, err := l.file.WriteAt(l.thread, l.buf, l.off); err != nil {
		b.Fatal(err)
	}
	l.writer.End(l.now())
}

func (l *overheadLoop) bareRead(b *testing.B) {
	l.next()
	if err := l.file.ReadAt(l.thread, l.buf, l.off); err != nil {
		b.Fatal(err)
	}
}

func (l *overheadLoop) checkedRead(b *testing.B) {
	l.next()
	l.reader.Begin(l.off, int64(len(l.buf)))
	if err := l.file.ReadAt(l.thread, l.buf, l.off); err != nil {
		b.Fatal(err)
	}
	l.reader.Check(l.buf)
}
