package bench

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// BenchmarkOracleOverhead is one thread that writes, or reads, 4 KiB directly,
// bare and with everything that the oracle adds: stamps, ticks, publication,
// checks. The two alternate, since the device varies more than they differ;
// what counts are the medians, not ns/op, which is of both together.
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
	l.stampAll(b) // so that no extent is unwritten
	b.Run("op=write", func(b *testing.B) { l.compare(b, l.bareWrite, l.stampedWrite) })
	l.stampAll(b) // bare writes leave stamps of other places
	b.Run("op=read", func(b *testing.B) { l.compare(b, l.bareRead, l.checkedRead) })
	if c := l.reader.Counts; c.Bad() != 0 {
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

// compare times the two operations in turn, each first as often as second.
func (l *overheadLoop) compare(b *testing.B, bare, checked func(*testing.B)) {
	b.ReportAllocs()
	ops := [2]func(*testing.B){bare, checked}
	var hists [2]*hdrhistogram.Histogram
	for i := range hists {
		hists[i] = hdrhistogram.New(1, int64(time.Minute), 4)
	}
	for first := 0; b.Loop(); first = 1 - first {
		for _, i := range [2]int{first, 1 - first} {
			start := l.now()
			ops[i](b)
			if err := hists[i].RecordValue(l.now() - start); err != nil {
				b.Fatal(err)
			}
		}
	}
	off, on := float64(hists[0].ValueAtPercentile(50)), float64(hists[1].ValueAtPercentile(50))
	b.ReportMetric(off, "p50-bare-ns")
	b.ReportMetric(on, "p50-oracle-ns")
	b.ReportMetric(on-off, "oracle-ns")
}

func (l *overheadLoop) stampAll(b *testing.B) {
	for range l.size / int64(len(l.buf)) {
		l.stampedWrite(b)
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
