package explore

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestProbe: an estimate from a few probes is about the number of schedules
// that the search then plays.
func TestProbe(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, cfg := range []Config{{Bound: 0}, {Bound: 2}, {Bound: 3}, {Bound: 2, Full: true}, {Bound: Unbounded, Full: true}} {
		var ratios []float64
		for range programs(100) {
			p := randomToy(rng, 3, 3, false)
			cfg.New = func() Subject { return &toy{threads: p.threads} }
			cfg.MaxSteps = 100_000
			all := Search(t.Context(), cfg)
			if !all.Complete {
				continue
			}
			e := Probe(t.Context(), cfg, 100)
			ratios = append(ratios, math.Pow(10, e.Schedules)/float64(all.Schedules))
			if steps := math.Pow(10, e.Steps) / float64(all.Steps); steps > 8 || steps < 0.125 {
				t.Errorf("bound %d, full %v: steps estimated %.1f times too many, of\n%s", cfg.Bound, cfg.Full, steps, p)
			}
		}
		sum, off := 0.0, 0
		for _, r := range ratios {
			sum += r
			if r > 2 || r < 0.5 {
				off++
			}
		}
		mean := sum / float64(len(ratios))
		t.Logf("bound %d, full %v: %d programs, %.2f of the schedules on average, %d off by more than 2", cfg.Bound, cfg.Full, len(ratios), mean, off)
		if len(ratios) < programs(100)/3 || mean < 0.8 || mean > 1.25 || off > len(ratios)/10 {
			t.Errorf("bound %d, full %v: %d programs, %.2f of the schedules on average, %d off by more than 2", cfg.Bound, cfg.Full, len(ratios), mean, off)
		}
	}
}

// TestInterrupted: a search ends soon after its context does, and reports what
// it has.
func TestInterrupted(t *testing.T) {
	p := randomToy(rand.New(rand.NewPCG(3, 3)), 3, 60, false)
	own := func() Subject { return &toy{threads: p.threads} }
	for _, cfg := range []Config{{New: own, Bound: Unbounded}, {New: own, Bound: 3}, {New: own, Bound: 3, Workers: 3}, {New: own, Bound: Unbounded, Full: true}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var progress Progress
		cfg.Progress = &progress
		begun := time.Now()
		r := Search(ctx, cfg)
		took := time.Since(begun)
		cancel()
		if r.Complete || r.Schedules == 0 || r.Schedules > progress.Schedules.Load() || took > 2*time.Second {
			t.Errorf("bound %d, %d workers: %v, complete %v, %d schedules of %d", cfg.Bound, cfg.Workers, took, r.Complete, r.Schedules, progress.Schedules.Load())
		}
		if cfg.Bound == Unbounded && !cfg.Full && (r.Part <= 0 || r.Part >= 1) {
			t.Errorf("%v of the tree is said to be played", r.Part)
		}
		checkWitnesses(t, own(), r)
	}
}
