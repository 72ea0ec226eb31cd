package monitor

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"cohbench/bench/result"
)

// A Status is one line of JSON: how a run stands. Times are in seconds.
type Status struct {
	Time     time.Time `json:"time"`
	Elapsed  float64   `json:"elapsed_s"`
	ETA      float64   `json:"eta_s"` // still to go; 0 until the first case has begun
	Cases    int       `json:"cases"` // planned; 0 while data files are prepared
	Done     int       `json:"done"`
	Case     string    `json:"case"` // under way
	Last     *Last     `json:"last,omitempty"`
	Findings Findings  `json:"findings"`
}

// Last is the case that has ended last.
type Last struct {
	Engine   string             `json:"engine"`
	Workload string             `json:"workload"`
	Threads  int                `json:"threads"`
	Rep      int                `json:"rep"`
	Status   string             `json:"status"`
	Rates    map[string]float64 `json:"rates"` // by class, per second
}

// Findings is what was found so far, in all engines, controls included.
type Findings struct {
	StaleReads  int64 `json:"stale_reads"` // with at least one stale cell
	LossRounds  int64 `json:"loss_rounds"`
	EIORounds   int64 `json:"eio_rounds"`   // in which a sync said EIO
	QuietEIO    int64 `json:"quiet_eio"`    // of these, without a loss
	BrokenCells int64 `json:"broken_cells"` // of all kinds that follow
	Stale       int64 `json:"stale"`
	Inverted    int64 `json:"inverted"`
	Flipped     int64 `json:"flipped"`
	Torn        int64 `json:"torn"`
	Nowhere     int64 `json:"nowhere"`
	Lost        int64 `json:"lost"`
	SilentLost  int64 `json:"silent_lost"`
	Incoherent  int64 `json:"incoherent"`
	Exposures   int64 `json:"exposures"`
	Deadlocks   int   `json:"deadlocks"`
	Starved     int   `json:"starved"`
	Errors      int   `json:"errors"`
}

func (f *Findings) add(r *result.Record) {
	f.StaleReads += r.Oracle.StaleEvents
	f.LossRounds += r.LossRounds
	f.EIORounds += r.EIORounds
	f.QuietEIO += r.QuietEIO
	f.cells(r.Oracle)
	f.Exposures += r.Exposures
	switch r.Status {
	case result.StatusDeadlock:
		f.Deadlocks++
	case result.StatusStarved:
		f.Starved++
	case result.StatusError:
		f.Errors++
	}
}

func (f *Findings) cells(o result.Oracle) {
	f.BrokenCells += o.BrokenCells()
	f.Stale += o.Stale
	f.Inverted += o.Inverted
	f.Flipped += o.Flipped
	f.Torn += o.Torn
	f.Nowhere += o.Nowhere
	f.Lost += o.Lost
	f.SilentLost += o.SilentLost
	f.Incoherent += o.Incoherent
}

// Every writes the status to w, a line at each interval, until stop is called,
// which waits for the line under way and writes a last one. A w that fails ends
// the lines: they are no result.
func (m *Monitor) Every(interval time.Duration, w io.Writer) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if encode(w, m.Status()) != nil {
					return
				}
			case <-done:
				_ = encode(w, m.Status())
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
}

func encode(w io.Writer, s Status) error { return json.NewEncoder(w).Encode(s) }
