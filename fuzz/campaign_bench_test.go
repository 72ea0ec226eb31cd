package fuzz

import (
	"context"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/fuzz/prog"
)

// BenchmarkCampaign is a worker on one engine: programs of up to 3 tasks and 12
// operations, made, run under 16 schedules each, judged, and learned from.
func BenchmarkCampaign(b *testing.B) {
	for _, policy := range []*core.Policy{coherence.AddLock, coherence.InvalidateLock} {
		b.Run("policy="+policy.Name, func(b *testing.B) {
			c := New(Config{Models: []*core.Model{{Policy: policy}}, Seed: 1, Limits: prog.Limits{Tasks: 3, Ops: 12},
				Programs: int64(b.N+perProgram-1) / perProgram})
			b.ReportAllocs()
			b.ResetTimer()
			if err := c.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
			s := c.Stats()
			b.ReportMetric(float64(s.Runs)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(s.Steps)/float64(s.Runs), "steps/run")
		})
	}
}
