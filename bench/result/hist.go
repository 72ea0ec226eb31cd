package result

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Summarize reduces a histogram of ns to its percentiles. outOfRange counts
// the values that it could not hold.
func Summarize(h *hdrhistogram.Histogram, outOfRange int64) Latency {
	q := h.ValueAtPercentiles([]float64{50, 90, 99, 99.9, 99.99})
	return Latency{P50: q[50], P90: q[90], P99: q[99], P999: q[99.9], P9999: q[99.99], Max: h.Max(), OutOfRange: outOfRange}
}

// histName names the log of one case and class.
func histName(r *Record, mmu, class string) string {
	name := fmt.Sprintf("%s_%s_threads=%d", r.Engine, r.Workload, r.Threads)
	if r.Pair != 0 {
		name += fmt.Sprintf("_pair=%d", r.Pair)
	}
	if mmu != "" {
		name += "_mmu=" + mmu
	}
	name += fmt.Sprintf("_block=%d_size=%d", r.Block, r.Size)
	if r.Set != "" {
		name += "_" + r.Set
	}
	return shorten(sanitize(name+"_"+class)) + ".hlog"
}

// maxName is how long a name may be that shorten leaves alone. File systems
// take 255 bytes.
const maxName = 200

// shorten keeps names apart that are too long for a file.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s_%x", name[:maxName], h.Sum64())
}

func repTag(rep int) string { return fmt.Sprintf("rep=%d", rep) }

func (d *Dir) appendHists(r *Record, hists map[string]*hdrhistogram.Histogram) error {
	r.Hist = nil
	for class, h := range hists {
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		name := histName(r, d.env.distinct(r), class)
		if err := appendInterval(filepath.Join(d.Path, histDir, name), r, h); err != nil {
			return err
		}
		if r.Hist == nil {
			r.Hist = make(map[string]string)
		}
		r.Hist[class] = name
	}
	return nil
}

// appendInterval adds one repetition to a log, with its head if it is new.
func appendInterval(path string, r *Record, h *hdrhistogram.Histogram) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	text, err := encodeInterval(r, h, info.Size() == 0)
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

func encodeInterval(r *Record, h *hdrhistogram.Histogram, head bool) ([]byte, error) {
	var text bytes.Buffer
	w := hdrhistogram.NewHistogramLogWriter(&text)
	if head {
		if err := errors.Join(w.OutputLogFormatVersion(), w.OutputComment("[values in ns, maximum in ms]"), w.OutputLegend()); err != nil {
			return nil, err
		}
	}
	tagged := h.Clone()
	tagged.SetTag(repTag(r.Rep))
	end := r.Time.UnixMilli()
	tagged.SetStartTimeMs(end - int64(r.Seconds*1000))
	tagged.SetEndTimeMs(end)
	err := w.OutputIntervalHistogram(tagged)
	return text.Bytes(), err
}

// Histogram returns the latencies, in ns, of one class of a record.
func (run *Run) Histogram(r *Record, class string) (*hdrhistogram.Histogram, error) {
	name, ok := r.Hist[class]
	if !ok {
		return nil, fmt.Errorf("histogram of %s class %s rep %d: the record names none", r.Case(), class, r.Rep)
	}
	// The name comes from a file that anybody may have written.
	path := filepath.Join(run.Dir, histDir, filepath.Base(name))
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	log := hdrhistogram.NewHistogramLogReader(bytes.NewReader(text))
	for {
		h, err := log.NextIntervalHistogram()
		if err != nil {
			return nil, fmt.Errorf("histogram %s: %w", path, err)
		}
		if h == nil {
			return nil, fmt.Errorf("histogram %s: no interval tagged %s", path, repTag(r.Rep))
		}
		if h.Tag() == repTag(r.Rep) {
			return h, nil
		}
	}
}
